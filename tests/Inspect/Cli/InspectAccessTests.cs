using Stockpile.Cli;
using Stockpile.Cli.App;
using Stockpile.Cli.Processes;
using Stockpile.Hosting.Access;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Processes;
using Stockpile.Inspect.Tests.Server;

namespace Stockpile.Inspect.Tests.Cli;

/// <summary><c>stockpile inspect</c> where tokens are asked for, and over TLS.</summary>
public sealed class InspectAccessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("stockpile-inspect-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_token_comes_from_the_environment_or_from_the_file_that_it_names()
    {
        await using var host = await ServerHost.StartAsync(ServerHost.Tokens);
        var file = Path.Combine(_folder, "token");
        await File.WriteAllTextAsync(file, ServerHost.ViewerToken + "\n", TestContext.Current.CancellationToken);
        foreach (var variable in new[] { ("STOCKPILE_TOKEN", ServerHost.ViewerToken), ("STOCKPILE_TOKEN_FILE", file) })
        {
            var (exit, text, error) = await RunAsync([host.Address, "job", "why", "a"], variable);
            Assert.Equal((0, ""), (exit, error));
            Assert.EndsWith("job=a\n", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_is_refused_is_one_line_and_1_also_where_lines_are_read()
    {
        await using var host = await ServerHost.StartAsync(ServerHost.Tokens);
        const string Hint = " (give it in STOCKPILE_TOKEN, or in a file that STOCKPILE_TOKEN_FILE names)\n";
        Assert.Equal(
            (1, "", "stockpile: an access token is needed, as 'Authorization: Bearer TOKEN'" + Hint),
            await RunAsync([host.Address, "cell", "list"]));
        Assert.Equal(
            (1, "", "stockpile: the access token is not one of this server's" + Hint),
            await RunAsync([host.Address, "cell", "list"], ("STOCKPILE_TOKEN", "wrong-0123456789ab")));
        Assert.Equal(1, (await RunAsync([host.Address])).Exit);

        var (exit, text, error) = await RunWithAsync(
            "job move a b\ncell list\n", [host.Address], ("STOCKPILE_TOKEN", ServerHost.ViewerToken));
        Assert.Equal((0, "stockpile: this needs the role operator; the token eye has viewer\n"), (exit, error));
        Assert.Equal("# akka.tcp://s@self:1 [scheduler]\n", text);
    }

    [Fact]
    public async Task Words_that_are_too_many_bytes_are_a_wrong_use()
    {
        await using var host = await ServerHost.StartAsync();
        var (exit, _, error) = await RunAsync([host.Address, "job", "why", new string('x', 70_000)]);
        Assert.Equal(2, exit);
        Assert.StartsWith("stockpile: the body is larger than 65536 bytes", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_certificate_it_is_asked_over_https_and_believed_by_its_authority_alone()
    {
        await using var host = await ServerHost.StartAsync(ServerHost.Tokens, Options("0.0.0.0").Certificate);
        Assert.StartsWith("https://127.0.0.1:", host.Address, StringComparison.Ordinal);
        var token = ("STOCKPILE_TOKEN", ServerHost.ViewerToken);
        var ca = ("STOCKPILE_CA", Path.Combine(_folder, CertificateMaker.CaFile));

        Assert.Equal(0, (await RunAsync([host.Address, "cell", "list"], token, ca)).Exit);
        var stranger = await RunAsync([host.Address, "cell", "list"], token);
        Assert.Equal(3, stranger.Exit);
        Assert.Contains("certificate that is not trusted", stranger.Error, StringComparison.Ordinal);
        var plain = await RunAsync([$"127.0.0.1:{host.Port}", "cell", "list"], token);
        Assert.Equal(3, plain.Exit);
        Assert.Contains("https://HOST:PORT", plain.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_certificate_and_the_tokens_are_those_of_the_api_and_this_machine_needs_no_tls()
    {
        var open = Options("0.0.0.0");
        Assert.NotNull(open.Certificate);
        Assert.Equal("ci", Assert.Single(open.Tokens.All).Name);
        var inside = Options("127.0.0.1");
        Assert.Null(inside.Certificate);
        Assert.Equal("ci", Assert.Single(inside.Tokens.All).Name);
    }

    /// <summary>As a process with an https address makes them.</summary>
    private Stockpile.Inspect.Server.InspectorOptions Options(string host)
    {
        new CertificateMaker(_folder, TimeProvider.System, days: 2).Make(["me"]);
        var layers = SettingLayers.Read(null, [], [
            "stockpile.http.url=https://127.0.0.1:8443",
            $"stockpile.http.tls.certificate={_folder}/me.pem", $"stockpile.http.tls.key={_folder}/me-key.pem",
            "stockpile.http.tokens.ci.role=viewer", "stockpile.http.tokens.ci.token=0123456789abcdef",
            $"stockpile.inspector.host={host}",
        ]);
        return MemberInspector.Options(ProcessSettings.ReadInspector(layers), HttpSettings.Read(layers));
    }

    private static Task<(int Exit, string Out, string Error)> RunAsync(
        string[] args, params (string Name, string Value)[] variables) => RunWithAsync("", args, variables);

    private static async Task<(int Exit, string Out, string Error)> RunWithAsync(
        string input, string[] args, params (string Name, string Value)[] variables)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exit = await CliApp.RunAsync(["inspect", .. args], new CliContext
        {
            Out = output,
            Error = error,
            In = new StringReader(input),
            IsTerminal = false,
            Variables = variables.ToDictionary(v => v.Name, v => v.Value),
            Jobs = new FileJobReader(),
        });
        return (exit, output.ToString(), error.ToString());
    }
}
