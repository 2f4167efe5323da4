using Akka.Actor;
using Akka.Event;
using Stockpile.Core;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Nodes;

/// <summary>
/// How work leaves with a grace period. What is told to stop so does no more work but keeps its devices: a gang writes
/// its checkpoint, a replica answers what it has begun. Who is to have the devices next waits here until they are free.
/// </summary>
public sealed partial class NodeEngine
{
    // A node has at most so many shares to give away, so more orders than that cannot all be meant.
    private const int StartsWaitingMax = Limits.DevicesPerNodeMax * Limits.MilliPerDevice;

    private readonly Dictionary<long, (double Done, ITimer Timer)> _draining = [];
    private readonly SortedDictionary<long, StartWork> _startsWaiting = [];

    /// <summary>Its process is gone, and all timers with it.</summary>
    public void End() => EndDrains();

    private void Drain(long sequence, NodeWork work, TimeSpan grace)
    {
        _work.Remove(sequence);
        ports.End(work.Actor);
        var over = clock.CreateTimer(TellNode, (ports.Self, new DrainOver(sequence)), grace, Timeout.InfiniteTimeSpan);
        _draining.Add(sequence, (work.Run.DoneAt(clock.GetUtcNow()), over));
        Tell(new WorkDraining(spec.Id, sequence));
    }

    /// <summary>The grace is over, or is cut short.</summary>
    private void EndDrain(long sequence)
    {
        if (!_draining.Remove(sequence, out var drain)) return;
        drain.Timer.Dispose();
        _board.Release(sequence);
        Notify(sequence, ReportKind.Stopped, done: drain.Done);
        StartWaiting();
    }

    /// <summary>True when the order waits for devices that somebody is just leaving.</summary>
    private bool Waits(StartWork order)
    {
        if (_draining.Count == 0 || _startsWaiting.Count >= StartsWaitingMax) return false;
        _startsWaiting[order.Sequence] = order;
        log.Debug("{0} waits on {1} for devices that are being left", order.Allocation, spec.Id);
        return true;
    }

    private void StartWaiting()
    {
        foreach (var order in _startsWaiting.Values.ToList())
        {
            _startsWaiting.Remove(order.Sequence);
            Start(order);
        }
    }

    private void EndDrains()
    {
        foreach (var drain in _draining.Values) drain.Timer.Dispose();
        _draining.Clear();
        _startsWaiting.Clear();
    }

    private static void TellNode(object? state)
    {
        var (node, message) = ((IActorRef, DrainOver))state!;
        node.Tell(message, ActorRefs.NoSender);
    }

    private sealed record DrainOver(long Sequence);
}
