using Akka.Actor;
using Akka.Hosting;
using Akka.TestKit;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;
using Stockpile.Inspect.Tests.Palettes;
using Stockpile.Pbm;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;
using Stockpile.Scheduler.Tests.Api;
using Catalogue = Stockpile.Inspect.Catalogue;

namespace Stockpile.PetabridgeCmd.Tests;

/// <summary>The adapter, hosted as in production, over the double of Petabridge.Cmd and a fake cluster.</summary>
public sealed class AdapterTests : Akka.Hosting.TestKit.TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly PaletteBench _bench = new();
    private readonly StreamingPalette _stream = new();
    private readonly Catalogue.CommandRunner _runner;

    public AdapterTests() => _runner = new Catalogue.CommandRunner(
        new Catalogue.CommandCatalogue([.. _bench.Palettes, Named("cluster"), Named("log"), _stream.Palette]),
        new OneMember());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected override void ConfigureAkka(AkkaConfigurationBuilder builder, IServiceProvider provider) =>
        builder.WithPetabridgeCmd("127.0.0.1", 9110, () => _runner);

    [Fact]
    public void It_listens_where_it_was_told_and_not_on_every_interface()
    {
        Assert.Equal("127.0.0.1", Sys.Settings.Config.GetString("petabridge.cmd.host"));
        Assert.Equal(9110, Sys.Settings.Config.GetInt("petabridge.cmd.port"));
        Assert.True(Pbm.IsStarted);
    }

    [Fact]
    public void No_palette_is_registered_twice_and_theirs_come_before_ours() =>
        Assert.Equal(
            ["cluster", "cluster-sharding", "remote", "fleet", "cell", "job", "node", "stream"],
            Pbm.Palettes.Select(p => p.Name));

    [Fact]
    public void Every_command_of_ours_is_registered_with_its_arguments()
    {
        foreach (var palette in _bench.Palettes)
        {
            var theirs = Pbm.Palettes.Single(p => p.Name == palette.Name);
            Assert.Equal(palette.Commands.Select(c => (c.Name, c.Description)),
                theirs.Commands.Select(c => (c.Name, c.Description)));
            foreach (var (command, definition) in palette.Commands.Zip(theirs.Commands))
            {
                Assert.Equal(
                    command.Arguments.Select(a => (a.Name, a.Description, a.Mandatory, a.Multiple)),
                    definition.Arguments.Select(a => (a.Name, a.Description, a.IsMandatory, a.AllowMultiple)));
                Assert.Equal(
                    command.Arguments.Select(a => $"{a.Switch} {a.Switch.ToUpperInvariant()} --{a.Name}"),
                    definition.Arguments.Select(a => string.Join(' ', a.Switch)));
            }
        }
    }

    [Theory]
    [InlineData("fleet tiers")]
    [InlineData("fleet models")]
    [InlineData("fleet nodes -s ready -N 5")]
    [InlineData("cell list")]
    [InlineData("cell show -c north")]
    [InlineData("cell rounds --cell north -n 3")]
    [InlineData("job list --limit 2")]
    [InlineData("job show -i north-1")]
    [InlineData("job why -I north-1")]
    [InlineData("job cancel --id north-1")]
    [InlineData("node show -i n1")]
    [InlineData("node slow -i n1 -f 3")]
    public async Task A_command_gives_the_lines_of_the_inspector_and_then_the_member_that_answered(string line)
    {
        Fill();
        var words = line.Split(' ');
        var inspector = new Recorder();
        var result = await _runner.RunAsync(words, inspector, Cancel);
        Assert.Equal((0, null), (result.Exit, result.Error));
        Fill();

        var responses = await AskAsync(words);

        Assert.Equal(inspector.Lines, responses.SkipLast(1).Select(r => r.Text));
        Assert.All(responses.SkipLast(1), r => Assert.False(r.Final));
        Assert.Equal("answered by akka.tcp://stockpile@here:4053 [scheduler]", responses[^1].Text);
        Assert.True(responses[^1].Final);
    }

    [Fact]
    public async Task A_switch_that_is_given_twice_keeps_both_values()
    {
        var responses = await AskAsync("job submit -k training -d 8 -w 1 -m H800 -M A800".Split(' '));
        Assert.Equal("north-1 | training | training |    8 | pending | north |", responses[1].Text);
        Assert.Equal(["H800", "A800"], _bench.Gateway.Submitted.Single().Single().Spec.Models);
    }

    [Theory]
    [InlineData("job show -i north-9", "there is no job north-9")]
    [InlineData("job show", "job show wants id; usage: ")]
    [InlineData("fleet nodes -s up", "state is 'up'; allowed: ready, draining, resting, lost")]
    [InlineData("fleet nodes -x 3", "fleet nodes has no switch '-x'")]
    [InlineData("fleet nodes -c", "-c of fleet nodes wants a value")]
    public async Task A_wrong_call_is_one_errored_response(string line, string text)
    {
        var response = Assert.IsType<ErroredCommandResponse>(Assert.Single(await AskAsync(line.Split(' '))));
        Assert.StartsWith(text, response.Text, StringComparison.Ordinal);
        Assert.True(response.Final);
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_is_one_errored_response()
    {
        _bench.Gateway.Fault = () => new ClusterUnavailableException("no cell answers", TimeSpan.FromSeconds(1));
        Assert.IsType<ErroredCommandResponse>(Assert.Single(await AskAsync(["cell", "list"])));
    }

    [Fact]
    public async Task A_call_that_runs_on_holds_up_no_other_and_ends_with_whoever_asked()
    {
        Fill();
        var session = CreateTestProbe();
        Pbm.Dispatch("stream", new Command("tail", []), session.Ref);
        Assert.Equal("first", (await NextAsync(session)).Text);
        Assert.NotEmpty(await AskAsync(["cell", "list"]));
        Pbm.Dispatch("stream", new Command("other", []), session.Ref);
        Assert.Equal("other", (await NextAsync(session)).Text);
        Assert.False(_stream.Ended.Task.IsCompleted);

        Sys.Stop(session.Ref);

        await _stream.Ended.Task.WaitAsync(Patience, Cancel);
    }

    private Petabridge.Cmd.Host.PetabridgeCmd Pbm => Petabridge.Cmd.Host.PetabridgeCmd.Get(Sys);

    private static async Task<CommandResponse> NextAsync(TestProbe session) =>
        await session.ExpectMsgAsync<CommandResponse>(Patience, cancellationToken: Cancel);

    private static Catalogue.Palette Named(string name) => new(name, "ours", []);

    /// <summary>Reads the words as pbm does, a switch and then its value, and waits for the last response.</summary>
    private async Task<List<CommandResponse>> AskAsync(string[] words)
    {
        var arguments = words.Skip(2).Chunk(2).Select(pair => Tuple.Create(pair[0], pair.ElementAtOrDefault(1) ?? ""));
        var session = CreateTestProbe();
        Pbm.Dispatch(words[0], new Command(words[1], arguments), session.Ref);
        var responses = new List<CommandResponse>();
        while (responses is not [.., { Final: true }])
            responses.Add(await NextAsync(session));
        return responses;
    }

    private void Fill()
    {
        var gateway = _bench.Gateway;
        gateway.Cells.Clear();
        gateway.Nodes.Clear();
        gateway.Jobs.Clear();
        gateway.Cells.Add(ApiHost.Cell());
        gateway.Nodes.Add(ApiHost.Node());
        gateway.Jobs.Add(PaletteBench.Job("north-1", change: j => j.Allocations.Add(PaletteBench.Allocation())));
        gateway.Why = new() { Job = PaletteBench.Job("north-1"), Reason = "it runs" };
    }

    private sealed class OneMember : Catalogue.IMembers
    {
        public Catalogue.MemberName Self { get; } = new("akka.tcp://stockpile@here:4053", ["scheduler"]);

        public IReadOnlyList<Catalogue.MemberName> All() => [Self];

        public bool IsUp(Catalogue.MemberName member) => true;

        public Task<Catalogue.CommandResult> RunAsync(
            Catalogue.MemberName member, IReadOnlyList<string> words, Catalogue.IAnswer answer,
            CancellationToken cancel) => throw new NotSupportedException("there is no other member");
    }

    /// <summary>A command that goes on until it is cancelled, and one that ends.</summary>
    private sealed class StreamingPalette
    {
        public StreamingPalette() => Palette = new Catalogue.Palette("stream", "For tests",
        [
            new("tail", "Goes on", [], async (_, answer, cancel) =>
            {
                await using var registration = cancel.Register(() => Ended.TrySetResult());
                await answer.LineAsync("first");
                await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
            }),
            new("other", "Ends", [], (_, answer, _) => answer.LineAsync("other").AsTask()),
        ]);

        public Catalogue.Palette Palette { get; }

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
