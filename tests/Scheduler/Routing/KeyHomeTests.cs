using Akka.Actor;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats;
using Stockpile.Hosting;
using Stockpile.Protocol;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Routing;
using Stockpile.Scheduler.Tests.Desks;

namespace Stockpile.Scheduler.Tests.Routing;

/// <summary>Where jobs with a user's key go while cells are down, without an actor system.</summary>
public sealed class KeyHomeTests : IRouterPorts
{
    private readonly MemoryDesks _desks = new();
    private const int Keys = 40;

    private static readonly Catalog Catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));
    private static readonly Policy Policy = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), Catalog);

    private readonly RouterShell _router;
    private readonly List<string> _submittedTo = [];

    public KeyHomeTests()
    {
        _router = new RouterShell(new CellOptions(Catalog, Policy, TimeProvider.System, TimeProvider.System), this);
        _router.Begin();
        foreach (var cell in (string[])["north", "south"]) _router.Receive(Digest(cell), ActorRefs.Nobody);
    }

    /// <summary>An earlier attempt may still be on its way to the home, and would be a second job there.</summary>
    [Fact]
    public void A_key_keeps_its_home_while_that_is_down_for_a_moment()
    {
        var before = Homes();
        _router.Receive(new CellDown { Cell = "south", Message = "resting" }, ActorRefs.Nobody);

        Assert.Equal(before, Homes());
        Assert.Equal(["north", "south"], before.Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>Its journal tells which keys it knows, and it takes nothing before somebody repairs it.</summary>
    [Fact]
    public void A_cell_that_is_stopped_for_good_is_no_home()
    {
        _router.Receive(new CellDown { Cell = "south", Message = "bad row", Stopped = true }, ActorRefs.Nobody);

        Assert.Equal(["north"], Homes().Distinct());
    }

    private List<string> Homes()
    {
        _submittedTo.Clear();
        var spec = new JobSpec { Name = "gang", Kind = JobKind.Training, Devices = 8, WorkHours = 1 };
        for (var key = 0; key < Keys; key++)
            _router.Receive(
                new RouterShell.Submit([new Submission { Key = $"key-{key}", Spec = spec.ToWire() }], SubmitMode.Each),
                ActorRefs.Nobody);
        return [.. _submittedTo];
    }

    private static CellView Digest(string cell) => new()
    {
        Cell = cell,
        Epoch = 1,
        Models =
        {
            new ModelUse
            {
                Model = "H800", Tier = "frontier", Nodes = 4, Devices = 32, DevicesPerNodeMax = 8,
                CpuMilliPerNodeMax = 128_000, MemoryMibPerNodeMax = 1 << 20,
            },
        },
    };

    IActorRef IRouterPorts.Self => new Back(_router);

    bool IRouterPorts.IsMember => true;

    Task<IWireMessage> IRouterPorts.AskDesk(IDeskMessage message, TimeSpan timeout) => _desks.AskAsync(message);

    Task<IWireMessage> IRouterPorts.Ask(ICellMessage message, TimeSpan timeout)
    {
        if (message is SubmitJobs) _submittedTo.Add(message.Cell);
        return Task.FromResult<IWireMessage>(message is FindKeys
            ? new FindKeysReply { Cell = message.Cell }
            : new SubmitJobsReply { Results = { new SubmitResult { Job = new JobView() } } });
    }

    Task IRouterPorts.Delay(TimeSpan time) => Task.CompletedTask;

    Task<IReadOnlyList<string>> IRouterPorts.JournalCells() => Task.FromResult<IReadOnlyList<string>>([]);

    void IRouterPorts.Once(TimeSpan after, object message)
    {
    }

    string IRouterPorts.NewKey() => "new";

    /// <summary>Passes on at once what the router tells itself.</summary>
    private sealed class Back(RouterShell router) : MinimalActorRef
    {
        public override ActorPath Path { get; } = new RootActorPath(new Address("test", "router"));

        public override IActorRefProvider Provider => throw new InvalidOperationException("no actor system");

        protected override void TellInternal(object message, IActorRef sender) => router.Receive(message, sender);
    }
}
