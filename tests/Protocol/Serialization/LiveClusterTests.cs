using System.Collections.Concurrent;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using Akka.Event;
using Stockpile.Protocol.V1;

namespace Stockpile.Protocol.Tests.Serialization;

/// <summary>
/// Two members of a cluster that share cells, as production does: what the modules send each other by themselves
/// (gossip, shard homes, remembered entities, a hand-over) passes the serializers too.
/// </summary>
public sealed class LiveClusterTests : IAsyncLifetime
{
    private const int Cells = 12;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly Config Settings = TestSystem.AkkaConf.WithFallback(ConfigurationFactory.ParseString("""
        akka.cluster {
          gossip-interval = 100ms
          leader-actions-interval = 100ms
          periodic-tasks-initial-delay = 100ms
          sharding {
            state-store-mode = ddata
            remember-entities = on
            remember-entities-store = ddata
            distributed-data.durable.keys = []
            retry-interval = 200ms
            waiting-for-state-timeout = 1s
          }
        }
        """));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private readonly ConcurrentQueue<string> _refusals = new();
    private readonly ActorSystem[] _members = new ActorSystem[2];

    public ValueTask InitializeAsync()
    {
        for (var i = 0; i < _members.Length; i++)
        {
            var member = ActorSystem.Create("live", AkkaModulesTests.WithModules(Settings));
            var ear = member.ActorOf(Props.Create(() => new Ear(_refusals)));
            member.EventStream.Subscribe(ear, typeof(LogEvent));
            _members[i] = member;
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_members.Select(member => member.Terminate()));
        foreach (var member in _members) member.Dispose();
    }

    [Fact]
    public async Task Two_members_share_cells_and_hand_them_over()
    {
        var regions = new List<IActorRef>();
        foreach (var member in _members)
        {
            var first = Cluster.Get(_members[0]).SelfAddress;
            await Cluster.Get(member).JoinAsync(first, Cancelled).WaitAsync(Patience, Cancelled);
            var settings = ClusterShardingSettings.Create(member);
            regions.Add(await ClusterSharding.Get(member).StartAsync(
                "cell", _ => Props.Create(() => new Cell(member)), settings, new Route()));
        }

        Assert.Equal(2, (await AskAll(regions[1])).Distinct().Count());

        await Cluster.Get(_members[0]).LeaveAsync(Cancelled).WaitAsync(Patience, Cancelled);
        Assert.Single((await AskAll(regions[1])).Distinct());
        Assert.Empty(_refusals);
    }

    /// <summary>The address of the member that answers, for each cell. A cell that moves may lose requests.</summary>
    private static Task<string[]> AskAll(IActorRef region) =>
        Task.WhenAll(Enumerable.Range(0, Cells).Select(i => AskOne(region, $"cell-{i}")));

    private static async Task<string> AskOne(IActorRef region, string cell)
    {
        for (var deadline = Patience; ; deadline -= TimeSpan.FromSeconds(2))
        {
            try
            {
                var busy = await region.Ask<CellBusy>(new GetCell { Cell = cell }, TimeSpan.FromSeconds(2), Cancelled);
                Assert.Equal(cell, busy.Cell);
                return busy.Message;
            }
            catch (AskTimeoutException) when (deadline > TimeSpan.Zero)
            {
            }
        }
    }

    /// <summary>Answers with the address of its member.</summary>
    private sealed class Cell : ReceiveActor
    {
        public Cell(ActorSystem member)
        {
            var home = Cluster.Get(member).SelfAddress.ToString();
            Receive<GetCell>(get => Sender.Tell(new CellBusy { Cell = get.Cell, Message = home }));
        }
    }

    private sealed class Route() : HashCodeMessageExtractor(20)
    {
        public override string? EntityId(object message) => (message as ICellMessage)?.Cell;
    }

    /// <summary>Hears every log line that tells of a message nobody could write or read.</summary>
    private sealed class Ear : ReceiveActor
    {
        public Ear(ConcurrentQueue<string> refusals) => Receive<LogEvent>(e =>
        {
            var text = $"{e.Message} {e.Cause?.GetBaseException()}";
            if (text.Contains(nameof(SerializationException), StringComparison.Ordinal)
                || text.Contains("JSON is refused", StringComparison.Ordinal))
                refusals.Enqueue(text);
        });
    }
}
