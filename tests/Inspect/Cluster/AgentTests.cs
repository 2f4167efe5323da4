using Akka.Actor;
using Stockpile.Inspect.Agent;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Palettes;
using Stockpile.Inspect.Tests.Catalogue;

namespace Stockpile.Inspect.Tests.Cluster;

/// <summary>Commands that run on another member.</summary>
public sealed class AgentTests(TestMembers members)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_member_forwards_what_needs_a_scheduler_and_says_who_answered()
    {
        var answer = new Kept();
        var result = await members.Node.Runner.RunAsync(["fleet", "where"], answer, Cancelled);
        Assert.Equal([result.Member!.Address], answer.Lines);
        Assert.Equal(["scheduler"], result.Member.Roles);
    }

    [Fact]
    public async Task All_members_are_asked_at_once_and_each_has_its_head()
    {
        var answer = new Kept();
        var result = await members.Node.Runner.RunAsync(["cluster", "status", "--member", "all"], answer, Cancelled);
        Assert.Equal(0, result.Exit);
        foreach (var member in new[] { members.First, members.Second, members.Node })
            Assert.Contains($"address      {member.Address}", answer.Lines);
        Assert.Equal(3, answer.Lines.Count(l => l.StartsWith("# ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_long_answer_arrives_whole_and_in_order()
    {
        var answer = new Kept();
        var result = await members.Node.Runner.RunAsync(
            ["fleet", "count", "5000", "--member", members.Second.Address], answer, Cancelled);
        Assert.Equal(0, result.Exit);
        Assert.Equal(members.Second.Address, result.Member!.Address);
        Assert.Equal(Enumerable.Range(0, 5000).Select(i => $"{i}"), answer.Lines);
        Assert.All(answer.Data, row => Assert.NotNull(row));
    }

    [Fact]
    public async Task A_wrong_call_comes_back_with_its_exit_code()
    {
        var result = await members.First.Runner.RunAsync(
            ["log", "level", "-l", "loud", "--member", members.Node.Address], new Kept(), Cancelled);
        Assert.Equal(1, result.Exit);
        Assert.StartsWith("level is 'loud'", result.Error, StringComparison.Ordinal);
        Assert.Equal(members.Node.Address, result.Member!.Address);
    }

    [Fact]
    public async Task A_member_that_does_not_answer_is_named_after_the_deadline()
    {
        var agent = Akka.Hosting.ActorRegistry.For(members.First.System).Get<InspectorAgent>();
        var impatient = new ClusterMembers(members.First.System, agent, TimeSpan.FromMilliseconds(300));
        var nobody = new MemberName("akka.tcp://stockpile@127.0.0.1:1", ["scheduler"]);
        var result = await impatient.RunAsync(nobody, ["cluster", "show"], new Kept(), Cancelled);
        Assert.Equal(CommandResult.UnreachableExit, result.Exit);
        Assert.Equal($"no answer within 0.3 s from {nobody.Address}", result.Error);
    }

    [Fact]
    public async Task A_cancel_ends_the_command_over_there()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var heard = new Heard($"up {members.Node.Address} [node]");
        var tail = members.First.Runner.RunAsync(
            ["cluster", "tail", "--member", members.Node.Address], heard, stop.Token);
        await heard.Done.Task.WaitAsync(Patience, Cancelled);
        // The session there, and the nameless actor by which the command itself listens to the cluster.
        var busy = Busy().ToArray();
        Assert.Contains(busy, actor => actor.Path.Parent.Name == "inspector");
        Assert.Contains(busy, actor => actor.Path.Parent.Name == "user");
        await stop.CancelAsync();
        Assert.Equal(0, (await tail.WaitAsync(Patience, Cancelled)).Exit);
        // Other tests may run commands on that member at the same time, but these end.
        using var limit = new CancellationTokenSource(Patience);
        while (Busy().Intersect(busy).Any()) await Task.Delay(20, limit.Token);

        IEnumerable<IActorRef> Busy() => Children("/user/inspector")
            .Concat(Children("/user").Where(actor => actor.Path.Name.StartsWith('$')));

        IEnumerable<IActorRef> Children(string path) =>
            ActorTree.ChildrenOf(ActorTree.Find(members.Node.System, path));
    }

    [Fact]
    public async Task A_hierarchy_spans_all_members_sorted_by_path()
    {
        var lines = await LinesAsync(members.First, "-s /user/host -d 3");
        Assert.Equal(
            new[] { "", "/north-1", "/north-1/1", "/north-1/2", "/north-2", "/north-2/3" }
                .Select(path => $"{members.Node.Address}/user/host{path}")
                .Append("Count: 6 actors on 1 of 3 members"),
            lines);
        var own = await LinesAsync(members.First, "-s /user -d 1");
        foreach (var member in new[] { members.First, members.Second, members.Node })
            Assert.Contains($"{member.Address}/user/inspector", own);
    }

    [Fact]
    public async Task A_hierarchy_says_what_it_leaves_out()
    {
        var deep = await LinesAsync(members.Second, "-s /user/host -d 1");
        Assert.Equal(4, deep.Count);
        var narrow = await LinesAsync(members.Second, "-s /user/host -c 1");
        Assert.Equal(
            [
                $"{members.Node.Address}/user/host",
                $"{members.Node.Address}/user/host/north-1",
                $"{members.Node.Address}/user/host/north-1/1",
                $"{members.Node.Address}/user/host/north-1/… 1 more",
                $"{members.Node.Address}/user/host/… 1 more",
                "Count: 3 actors on 1 of 3 members",
            ],
            narrow);
    }

    [Fact]
    public async Task A_walk_that_is_late_ends_and_says_so()
    {
        var children = Enumerable.Range(0, 600).ToDictionary(i => $"c{i}", _ => Array.Empty<string>());
        var top = members.First.System.ActorOf(Parent.Props(children), "wide");
        await top.Ask<ActorIdentity>(new Identify(1), Patience, Cancelled);
        var rows = ActorTree.Walk(members.First.System, top, 4, 1000, () => true, out var ended);
        Assert.True(ended);
        Assert.InRange(rows.Count, 1, 599);
        Assert.Equal(601, ActorTree.Walk(members.First.System, top, 4, 1000, () => false, out ended).Count);
        Assert.False(ended);
        members.First.System.Stop(top);
    }

    [Fact]
    public async Task A_member_that_is_silent_is_missing_from_the_hierarchy_by_name()
    {
        var silent = new MemberName("akka.tcp://stockpile@silent:1", ["node"]);
        var fakes = new FakeMembers(silent)
        {
            Self = members.First.Members.Self,
            Answer = async (member, _, cancel) =>
            {
                await Task.Delay(Timeout.Infinite, cancel).ContinueWith(_ => { }, TaskScheduler.Default);
                return CommandResult.Done with { Member = member };
            },
        };
        var catalogue = new CommandCatalogue([ActorPalette.Create(members.First.System, fakes)]);
        var answer = new Kept();
        var result = await catalogue.RunAsync(
            ["actor", "hierarchy", "-s", "/user/inspector", "-d", "0", "-t", "1"], answer, Cancelled);
        Assert.Null(result.Error);
        Assert.Equal(
            [
                $"{members.First.Address}/user/inspector",
                $"missing: actors of {silent}: no full answer within 1 s",
                "Count: 1 actors on 1 of 2 members",
            ],
            answer.Lines);
    }

    private static async Task<List<string>> LinesAsync(TestMember member, string switches)
    {
        var answer = new Kept();
        var result = await member.Runner.RunAsync(
            ["actor", "hierarchy", .. switches.Split(' ')], answer, Cancelled);
        Assert.Null(result.Error);
        return answer.Lines;
    }
}
