using Akka.Actor;
using Stockpile.Core.Fleets;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Configuration;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;
using Stockpile.Scheduler.Tests.Desks;

namespace Stockpile.Scheduler.Tests.Routing;

/// <summary>How often a router asks a cell that does not answer, without an actor system.</summary>
public sealed class AskAgainTests : IRouterPorts
{
    private readonly MemoryDesks _desks = new();
    private static readonly Catalog Catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));
    private static readonly Policy Policy = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), Catalog);

    private readonly List<TimeSpan> _waited = [];
    private readonly List<object> _answers = [];
    private readonly RouterEngine _router;
    private int _lost;
    private bool _speaks;
    private long _round;
    private TimeSpan _rest;
    private TimeSpan _rested;

    public AskAgainTests()
    {
        _router = new RouterEngine(
            new CellOptions(Catalog, Policy, TimeProvider.System, TimeProvider.System),
            new KnownCells(TimeProvider.System), this);
        _router.Receive(new CellView { Cell = "north", Epoch = 1 }, ActorRefs.Nobody);
    }

    [Fact]
    public void What_was_lost_on_its_way_is_asked_again_soon()
    {
        _lost = 1;
        Ask(once: false);
        Assert.Equal([TimeSpan.FromSeconds(0.5)], _waited);
        Assert.IsType<CellView>(Assert.Single(_answers));
    }

    [Fact]
    public void A_cell_that_does_not_answer_is_asked_ever_more_rarely_and_given_up_within_twelve_seconds()
    {
        _lost = int.MaxValue;
        Ask(once: false);
        Assert.Equal(_waited.Order(), _waited);
        Assert.Equal(TimeSpan.FromSeconds(12), _waited.Aggregate(TimeSpan.Zero, (sum, time) => sum + time));
        var failure = Assert.IsType<Status.Failure>(Assert.Single(_answers));
        Assert.IsType<ClusterUnavailableException>(failure.Cause.InnerException ?? failure.Cause);
    }

    [Fact]
    public void A_cell_that_rests_again_and_again_is_given_up_within_twelve_seconds_and_says_why()
    {
        _rest = TimeSpan.FromSeconds(3);
        Ask(once: false);
        Assert.InRange(_rested, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(12));
        var failure = Assert.IsType<Status.Failure>(Assert.Single(_answers));
        Assert.Equal("resting", (failure.Cause.InnerException ?? failure.Cause).Message);
    }

    [Theory]
    [InlineData(false, "cell north does not answer within 12 s; it is starting or moving")]
    [InlineData(true, "cell north does not answer within 12 s; it is there and has too much to do")]
    public void A_cell_is_said_to_start_or_move_only_when_nothing_was_heard_of_it(bool speaks, string why)
    {
        _lost = int.MaxValue;
        _speaks = speaks;
        Ask(once: false);
        var failure = Assert.IsType<Status.Failure>(Assert.Single(_answers));
        Assert.Equal(why, (failure.Cause.InnerException ?? failure.Cause).Message);
    }

    [Fact]
    public void Who_asks_again_by_himself_gets_one_attempt()
    {
        _lost = int.MaxValue;
        Ask(once: true);
        Assert.Single(_waited);
        Assert.IsType<Status.Failure>(Assert.Single(_answers));
    }

    private void Ask(bool once) => _router.Receive(
        new RouterEngine.ToCell(new GetCell { Cell = "north" }, once), new Noted(_answers));

    IActorRef IRouterPorts.Self => ActorRefs.Nobody;

    bool IRouterPorts.IsMember => true;

    Task<IWireMessage> IRouterPorts.AskDesk(IDeskMessage message, TimeSpan timeout) => _desks.AskAsync(message);

    Task<IWireMessage> IRouterPorts.Ask(ICellMessage message, TimeSpan timeout)
    {
        if (_rest > TimeSpan.Zero)
            return Task.FromResult<IWireMessage>(new CellDown
            {
                Cell = message.Cell, Message = "resting", RetryAfterMs = (int)_rest.TotalMilliseconds,
            });
        if (_lost-- <= 0) return Task.FromResult<IWireMessage>(new CellView { Cell = message.Cell });
        _waited.Add(timeout);
        if (_speaks) _router.Receive(new CellView { Cell = "north", Epoch = 1, Round = ++_round }, ActorRefs.Nobody);
        return Task.FromException<IWireMessage>(new AskTimeoutException("no answer"));
    }

    Task<bool> IRouterPorts.BornWithDesks(string cell) => Task.FromResult(true);

    Task IRouterPorts.Delay(TimeSpan time)
    {
        _rested += time;
        return Task.CompletedTask;
    }

    Task<IReadOnlyList<string>> IRouterPorts.JournalCells() => Task.FromResult<IReadOnlyList<string>>([]);

    void IRouterPorts.Once(TimeSpan after, object message)
    {
    }

    string IRouterPorts.NewKey() => "new";

    private sealed class Noted(List<object> answers) : MinimalActorRef
    {
        public override ActorPath Path { get; } = new RootActorPath(new Address("test", "client"));

        public override IActorRefProvider Provider => throw new InvalidOperationException("no actor system");

        protected override void TellInternal(object message, IActorRef sender) => answers.Add(message);
    }
}
