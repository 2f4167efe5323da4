using System.Security.Cryptography;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Tools.PublishSubscribe;
using Stockpile.Protocol;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Routing;

/// <summary>The actor of one router: it wires <see cref="RouterEngine"/> to the cells, the journal and the timers.
/// </summary>
public sealed class RouterActor : UntypedActor, IWithTimers, IRouterPorts
{
    private readonly IActorRef _region;
    private readonly IActorRef _desks;
    private readonly CellOptions _options;
    private readonly Func<Task<IReadOnlyList<string>>> _journalCells;
    private readonly JournalReader _journal;
    private readonly RouterEngine _engine;

    /// <param name="region">Of the cells.</param>
    /// <param name="desks">The region of the key desks.</param>
    /// <param name="options">With <see cref="CellOptions.Cells"/>.</param>
    /// <param name="journalCells">The cells that the journal knows.</param>
    public RouterActor(
        IActorRef region, IActorRef desks, CellOptions options, Func<Task<IReadOnlyList<string>>> journalCells)
    {
        _region = region;
        _desks = desks;
        _options = options;
        _journalCells = journalCells;
        _journal = new JournalReader(Context.System, options);
        _engine = new RouterEngine(options, options.Cells!, this);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(
        IActorRef region, IActorRef desks, CellOptions options, Func<Task<IReadOnlyList<string>>> journalCells) =>
        Akka.Actor.Props.Create(() => new RouterActor(region, desks, options, journalCells));

    IActorRef IRouterPorts.Self => Self;

    bool IRouterPorts.IsMember => Cluster.Get(Context.System).SelfMember.Status == MemberStatus.Up;

    Task<IWireMessage> IRouterPorts.Ask(ICellMessage message, TimeSpan timeout) =>
        _region.Ask<IWireMessage>(message, timeout);

    Task<IWireMessage> IRouterPorts.AskDesk(IDeskMessage message, TimeSpan timeout) =>
        _desks.Ask<IWireMessage>(message, timeout);

    async Task<bool> IRouterPorts.BornWithDesks(string cell)
    {
        try
        {
            return await _journal.BornWithDesksAsync(cell).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Whatever keeps the row from being read, the cell itself will tell.
            return false;
        }
    }

    Task IRouterPorts.Delay(TimeSpan time) => Task.Delay(time, _options.Real);

    Task<IReadOnlyList<string>> IRouterPorts.JournalCells() => _journalCells();

    void IRouterPorts.Once(TimeSpan after, object message) => Timers.StartSingleTimer(message, message, after);

    string IRouterPorts.NewKey() => Convert.ToHexString(RandomNumberGenerator.GetBytes(12)).ToLowerInvariant();

    protected override void PreStart()
    {
        DistributedPubSub.Get(Context.System).Mediator.Tell(new Subscribe(CellOptions.StatusTopic, Self));
        _engine.Begin();
    }

    protected override void OnReceive(object message)
    {
        if (message is not SubscribeAck && !_engine.Receive(message, Sender)) Unhandled(message);
    }
}
