using Akka.Event;
using Serilog.Events;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Tests.Catalogue;

namespace Stockpile.Inspect.Tests.Cluster;

public sealed class PaletteTests(TestMembers members)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Show_has_a_line_per_member_and_their_number_last()
    {
        var lines = await RunAsync(members.Node, "cluster show");
        Assert.Equal(4, lines.Count);
        Assert.Contains($"{members.First.Address} | [scheduler] | up |  | 1.0.0", lines.Select(Version100));
        Assert.Contains($"{members.Node.Address} | [node] | up |  | 1.0.0", lines.Select(Version100));
        Assert.Equal("Count: 3 nodes", lines[^1]);

        // The version is that of whatever program runs the test.
        static string Version100(string line) => line[..(line.LastIndexOf('|') + 1)] + " 1.0.0";
    }

    [Fact]
    public async Task Status_and_leader_name_the_member_and_its_leader()
    {
        Assert.Contains($"address      {members.Second.Address}", await RunAsync(members.Second, "cluster status"));
        Assert.Contains(
            $"leader of node: {members.Node.Address}", await RunAsync(members.First, "cluster leader"));
    }

    [Theory]
    [InlineData("cluster down 127.0.0.1:1", "there is no member '127.0.0.1:1'")]
    [InlineData("cluster leave -a nobody:1", "there is no member 'nobody:1'")]
    [InlineData("cluster join -a nonsense", "address is 'nonsense'; allowed: akka.tcp://stockpile@host:port")]
    [InlineData("cluster join -a akka.tcp://other@127.0.0.1:1", "address is 'akka.tcp://other@127.0.0.1:1'")]
    [InlineData("cluster join -a 127.0.0.1:1", "is up in a cluster already")]
    [InlineData("cluster-sharding region-stats -r cel", "knows no region 'cel'; did you mean 'cell'?")]
    [InlineData("log level -l loud", "level is 'loud'; allowed: verbose, debug, information, warning, error, fatal")]
    [InlineData("actor hierarchy -s user", "start is 'user'; allowed: a path such as /user/host")]
    [InlineData("actor hierarchy -d 65", "depth is '65'; allowed: a whole number of 0 to 64")]
    [InlineData("actor hierarchy -s /user/nope", "no member has an actor at /user/nope")]
    [InlineData("system settings -p nope", "there are no settings below 'nope'; there are akka,")]
    public async Task What_cannot_be_done_is_refused_in_one_line(string line, string error)
    {
        var result = await members.First.Runner.RunAsync(line.Split(' '), new Kept(), Cancelled);
        Assert.Equal(1, result.Exit);
        Assert.Contains(error, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_is_unreachable() =>
        Assert.Equal(["no member is unreachable"], await RunAsync(members.First, "cluster down-unreachable"));

    [Fact]
    public async Task Regions_are_counted_by_themselves_whoever_is_asked()
    {
        var asked = new List<List<string>>();
        foreach (var member in new[] { members.First, members.Second, members.Node })
            asked.Add(await RunAsync(member, "cluster-sharding region-stats -r cell"));
        Assert.All(asked, lines => Assert.Equal(asked[0], lines));
        Assert.Equal(3, asked[0].Count);
        Assert.Contains(asked[0], l => l.StartsWith(
            $"{members.First.Address} | [coordinator] | shards: ", StringComparison.Ordinal));
        Assert.Contains(asked[0], l => l.StartsWith(
            $"{members.Second.Address} | | shards: ", StringComparison.Ordinal));
        Assert.Equal(TestMembers.Cells, asked[0].Take(2).Sum(l => int.Parse(l.Split(':')[^1])));
    }

    [Fact]
    public async Task Every_shard_and_entity_has_its_member_whoever_is_asked()
    {
        foreach (var member in new[] { members.First, members.Node })
        {
            var shards = await RunAsync(member, "cluster-sharding shards cell");
            Assert.Equal(TestMembers.Cells, shards.SkipLast(1).Sum(l => int.Parse(l.Split(':')[^1])));
            var entities = await RunAsync(member, "cluster-sharding entities cell");
            Assert.Equal($"Count: {TestMembers.Cells} entities on 2 members", entities[^1]);
            Assert.Equal(
                Enumerable.Range(0, TestMembers.Cells).Select(i => $"cell-{i}"),
                entities.SkipLast(1).Select(l => l.Split(' ')[0]));
        }
    }

    [Fact]
    public async Task A_proxy_is_told_from_a_region()
    {
        Assert.Equal(["cell | region"], await RunAsync(members.First, "cluster-sharding list-regions"));
        Assert.Equal(["cell | proxy"], await RunAsync(members.Node, "cluster-sharding list-regions"));
    }

    [Fact]
    public async Task Settings_show_no_secret()
    {
        var lines = await RunAsync(members.First, "system settings -p secret-door");
        Assert.Equal(["secret-door.connection-string = ***", "secret-door.password = ***"], lines);
        var all = await RunAsync(members.First, "system settings");
        Assert.DoesNotContain(all, l => l.Contains("hunter2", StringComparison.Ordinal));
        Assert.Contains(
            "akka.actor.provider = cluster", await RunAsync(members.First, "system settings -p akka.actor"));
    }

    [Theory]
    [InlineData("Host=db;Password=hunter2;Username=u", "Host=db;Password=***;Username=u")]
    [InlineData("""Host=db;PWD = "a;b";Username=u""", "Host=db;PWD = ***;Username=u")]
    [InlineData("postgres://u:hunter2@db/x", "postgres://u:***@db/x")]
    [InlineData("akka.tcp://stockpile@127.0.0.1:1", "akka.tcp://stockpile@127.0.0.1:1")]
    public void Passwords_inside_of_values_are_masked(string value, string expected)
    {
        var config = Akka.Configuration.ConfigurationFactory.ParseString($"a.b = \"\"\"{value}\"\"\"");
        var (key, shown) = Assert.Single(Inspect.Palettes.EffectiveSettings.Of(config, "a.b"));
        Assert.Equal(("a.b", expected), (key, shown));
    }

    [Fact]
    public async Task The_process_tells_of_itself()
    {
        foreach (var command in new[] { "uptime", "version", "memory", "gc", "threads" })
            Assert.NotEmpty(await RunAsync(members.First, $"system {command}"));
        Assert.Contains("name           stockpile", await RunAsync(members.First, "actor system"));
    }

    [Fact]
    public async Task The_log_is_kept_followed_and_set()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var heard = new Heard("second line");
        var tail = members.Second.Runner.RunAsync(["log", "tail", "-l", "warning"], heard, stop.Token);
        // Whether the follower is there yet shows only by what it hears.
        while (!heard.Done.Task.IsCompleted)
        {
            members.Second.System.Log.Info("unheard line");
            members.Second.System.Log.Warning("second line");
            await Task.WhenAny(heard.Done.Task, Task.Delay(50, Cancelled)).WaitAsync(Patience, Cancelled);
        }

        await stop.CancelAsync();
        Assert.Equal(0, (await tail).Exit);
        Assert.DoesNotContain(heard.Lines, l => l.Contains("unheard", StringComparison.Ordinal));

        var peeked = await RunAsync(members.Second, "log peek -n 1 -l warning");
        Assert.Matches("WRN .*: second line$", Assert.Single(peeked));

        Assert.Equal(["level: error (was information)"], await RunAsync(members.Second, "log level -l error"));
        Assert.Equal(LogEventLevel.Error, members.Second.Log.Level.MinimumLevel);
        await RunAsync(members.Second, "log level -l information");
    }

    [Fact]
    public async Task Membership_is_told_as_it_is_and_ends_with_its_reader()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var heard = new Heard($"up {members.Node.Address} [node]");
        var tail = members.First.Runner.RunAsync(["cluster", "tail"], heard, stop.Token);
        await heard.Done.Task.WaitAsync(Patience, Cancelled);
        await stop.CancelAsync();
        Assert.Equal(0, (await tail.WaitAsync(Patience, Cancelled)).Exit);
    }

    private static async Task<List<string>> RunAsync(TestMember member, string line)
    {
        var answer = new Kept();
        var result = await member.Runner.RunAsync(line.Split(' '), answer, Cancelled);
        Assert.Null(result.Error);
        Assert.Equal(member.Address, result.Member!.Address);
        return answer.Lines;
    }
}

/// <summary>Keeps lines until one ends as the test waits for.</summary>
internal sealed class Heard(string end) : IAnswer
{
    public List<string> Lines { get; } = [];

    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ValueTask LineAsync(string text, object? data = null)
    {
        lock (Lines) Lines.Add(text);
        if (text.EndsWith(end, StringComparison.Ordinal)) Done.TrySetResult();
        return ValueTask.CompletedTask;
    }
}
