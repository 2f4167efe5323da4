using System.Text.Json;
using Stockpile.Cli;
using Stockpile.Cli.App;
using Stockpile.Inspect.Tests.Cluster;

namespace Stockpile.Inspect.Tests.Cli;

/// <summary><c>stockpile inspect</c> against real members.</summary>
public sealed class InspectVerbTests(TestMembers members)
{
    [Fact]
    public async Task A_command_prints_the_member_and_its_lines()
    {
        var (exit, text, error) = await RunAsync(Where(members.First), "cluster", "show");
        Assert.Equal((0, ""), (exit, error));
        var lines = text.TrimEnd().Split('\n');
        Assert.Equal($"# {members.First.Address} [scheduler]", lines[0]);
        Assert.Equal("Count: 3 nodes", lines[^1]);
    }

    [Fact]
    public async Task Switches_reach_the_member_untouched()
    {
        var (exit, text, _) = await RunAsync(
            Where(members.First), "actor", "hierarchy", "-s", "/user/host", "-D", "1", "--children=1");
        Assert.Equal(0, exit);
        Assert.Contains($"{members.Node.Address}/user/host/… 1 more", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--version", "there is no palette '--version'")]
    [InlineData("@file", "there is no palette '@file'")]
    [InlineData("-h", "there is no palette '-h'")]
    public async Task Words_that_other_verbs_would_understand_are_the_members_to_judge(string word, string expected)
    {
        var (exit, _, error) = await RunAsync(Where(members.First), word, "x");
        Assert.Equal(2, exit);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_is_one_document_that_names_the_member_wherever_the_switch_stands()
    {
        foreach (var args in new[] { new[] { "cluster", "show", "--json" }, ["--json", "cluster", "show"] })
        {
            var (exit, text, _) = await RunAsync([Where(members.Node), .. args]);
            Assert.Equal(0, exit);
            var document = JsonSerializer.Deserialize<JsonElement>(text);
            Assert.Equal(members.Node.Address, document.GetProperty("member").GetProperty("address").GetString());
            Assert.Equal("cluster show", document.GetProperty("command").GetString());
            Assert.Equal(3, document.GetProperty("rows").GetArrayLength());
        }
    }

    [Fact]
    public async Task Exit_codes_tell_refused_from_wrong_use_from_out_of_reach()
    {
        var refused = await RunAsync(Where(members.First), "cluster", "down", "127.0.0.1:1", "--json");
        Assert.Equal((1, ""), (refused.Exit, refused.Out));
        Assert.StartsWith("stockpile: there is no member", refused.Error, StringComparison.Ordinal);
        Assert.Equal(1, refused.Error.Count(c => c == '\n'));
        Assert.Equal(2, (await RunAsync(Where(members.First), "cluster", "shwo")).Exit);
        Assert.Equal(2, (await RunAsync("127.0.0.1:99999", "cluster", "show")).Exit);
        Assert.Equal(2, (await RunAsync(Where(members.First), "--json")).Exit);
        var nobody = await RunAsync("127.0.0.1:1", "cluster", "show");
        Assert.Equal(3, nobody.Exit);
        Assert.StartsWith("stockpile: no inspector answers on 127.0.0.1:1", nobody.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_address_may_come_from_the_environment()
    {
        var (exit, text, _) = await RunWithAsync("", Where(members.Second), "cluster", "status");
        Assert.Equal(0, exit);
        Assert.Contains(members.Second.Address, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_command_it_reads_lines_and_goes_on_after_a_fault()
    {
        var (exit, text, error) = await RunWithAsync(
            "cluster leader\n\nclutser show\ncluster-sharding list-regions\nexit\ncluster show\n",
            Where(members.First));
        Assert.Equal(0, exit);
        Assert.Contains("leader of node", text, StringComparison.Ordinal);
        Assert.Contains("cell | region", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Count: 3 nodes", text, StringComparison.Ordinal);
        Assert.Contains("did you mean 'cluster'?", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancel_ends_a_streaming_command_with_0()
    {
        using var stop = new CancellationTokenSource();
        var output = new Watched($"up {members.Node.Address} [node]", stop);
        var exit = await CliApp.RunAsync(
            ["inspect", Where(members.First), "cluster", "tail"], Context(output, new StringWriter(), "", null),
            stop.Token).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(0, exit);
    }

    private static string Where(TestMember member) => $"127.0.0.1:{member.Port}";

    private static Task<(int Exit, string Out, string Error)> RunAsync(params string[] args) =>
        RunWithAsync("", null, args);

    private static async Task<(int Exit, string Out, string Error)> RunWithAsync(
        string input, string? variable, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exit = await CliApp.RunAsync(["inspect", .. args], Context(output, error, input, variable));
        return (exit, output.ToString(), error.ToString());
    }

    private static CliContext Context(TextWriter output, TextWriter error, string input, string? variable) => new()
    {
        Out = output,
        Error = error,
        In = new StringReader(input),
        IsTerminal = false,
        Variables = variable is null
            ? new Dictionary<string, string>()
            : new Dictionary<string, string> { ["STOCKPILE_INSPECTOR"] = variable },
        Jobs = new FileJobReader(),
    };

    /// <summary>Cancels once a line is there.</summary>
    private sealed class Watched(string end, CancellationTokenSource stop) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.EndsWith(end, StringComparison.Ordinal) ?? false) stop.Cancel();
        }
    }
}
