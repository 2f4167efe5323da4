using Stockpile.Inspect.Catalogue;

namespace Stockpile.Inspect.Tests.Catalogue;

/// <summary>Where a call is carried out.</summary>
public sealed class RunnerTests
{
    private static readonly MemberName Node = new("akka.tcp://s@node:1", ["node"]);
    private static readonly MemberName Scheduler = new("akka.tcp://s@other:1", ["scheduler"]);

    private static readonly CommandCatalogue Catalogue = Samples.Create(new Palette("fleet", "Fleet",
    [
        new("tiers", "Tiers", [], (_, answer, _) => answer.LineAsync("here", new { Here = true }).AsTask())
        {
            NeedsScheduler = true,
        },
    ]));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_scheduler_answers_itself()
    {
        var members = new FakeMembers(Scheduler, Node);
        var (result, lines) = await RunAsync(members, "fleet tiers");
        Assert.Equal((0, members.Self), (result.Exit, result.Member));
        Assert.Equal(["here"], lines);
        Assert.Empty(members.Calls);
    }

    [Fact]
    public async Task Another_member_forwards_what_needs_a_scheduler_to_one_that_is_up()
    {
        var silent = new MemberName("akka.tcp://s@a:1", ["scheduler"]);
        var members = new FakeMembers(Scheduler, silent) { Self = Node };
        members.Down.Add(silent.Address);
        var (result, _) = await RunAsync(members, "fleet tiers");
        Assert.Equal((0, Scheduler), (result.Exit, result.Member));
        Assert.Equal([$"{Scheduler.Address}: fleet tiers"], members.Calls);
    }

    [Fact]
    public async Task Without_a_scheduler_it_is_out_of_reach()
    {
        var (result, _) = await RunAsync(new FakeMembers { Self = Node }, "fleet tiers");
        Assert.Equal(CommandResult.UnreachableExit, result.Exit);
        Assert.StartsWith("no scheduler member is up", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("akka.tcp://s@node:1")]
    [InlineData("node:1")]
    public async Task A_named_member_gets_the_call_without_its_name(string name)
    {
        var members = new FakeMembers(Node);
        var (result, _) = await RunAsync(members, $"job why a --member {name} -v");
        Assert.Equal(Node, result.Member);
        Assert.Equal([$"{Node.Address}: job why a -v"], members.Calls);
    }

    [Fact]
    public async Task An_unknown_member_is_refused_with_those_that_are()
    {
        var (result, _) = await RunAsync(new FakeMembers(Node), "cell list --member=nobody:1");
        Assert.Equal(1, result.Exit);
        Assert.Equal($"there is no member 'nobody:1'; there are {Node.Address}, {Samples.Self.Address}", result.Error);
    }

    [Fact]
    public async Task All_members_answer_in_order_and_a_silent_one_is_named()
    {
        var members = new FakeMembers(Node, Scheduler)
        {
            Answer = async (member, answer, _) =>
            {
                if (member == Node) return new CommandResult(CommandResult.UnreachableExit, "no answer", member);
                await answer.LineAsync("there");
                return CommandResult.Done;
            },
        };
        var (result, lines) = await RunAsync(members, "job why a --member all");
        Assert.Equal(
            [$"# {Node}", "error: no answer", $"# {Scheduler}", "there", $"# {Samples.Self}", "job=a"], lines);
        Assert.Equal(CommandResult.UnreachableExit, result.Exit);
        Assert.Equal($"1 of 3 members failed: {Node.Address}: no answer", result.Error);
    }

    [Fact]
    public async Task All_means_all_that_can_answer()
    {
        var members = new FakeMembers(Node, Scheduler);
        await RunAsync(members, "fleet tiers --member all");
        Assert.Equal([$"{Scheduler.Address}: fleet tiers"], members.Calls);
    }

    private static async Task<(CommandResult Result, List<string> Lines)> RunAsync(FakeMembers members, string line)
    {
        var answer = new Kept();
        var result = await new CommandRunner(Catalogue, members).RunAsync(line.Split(' '), answer, Cancelled);
        return (result, answer.Lines);
    }
}
