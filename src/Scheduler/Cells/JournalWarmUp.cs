using Akka.Actor;
using Akka.Persistence;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// Recovers an entity that has no rows and stops. The first recovery of a process loads and compiles the plugins of the
/// journal and of the snapshots and opens their first connections, which takes longer than the recovery of a cell; a
/// cell that moves to a process that has just started should not wait for that. Nothing is written.
/// </summary>
internal sealed class JournalWarmUp : UntypedPersistentActor
{
    public const string ActorName = "journal-warm-up";

    public override string PersistenceId => "warm-up";

    public static Props Props() => Akka.Actor.Props.Create(() => new JournalWarmUp());

    protected override void OnRecover(object message)
    {
        if (message is RecoveryCompleted) Context.Stop(Self);
    }

    protected override void OnCommand(object message) => Unhandled(message);

    /// <summary>A journal that is away is for the cells to tell; this one is stopped by the failure.</summary>
    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
    }
}
