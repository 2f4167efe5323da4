using Akka.Actor;
using Akka.Event;
using Stockpile.Core.Fleets;
using Stockpile.Node.Devices;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Nodes;

/// <summary>
/// One accelerator node. It owns what runs on it: which allocation holds which device, and how far each one is. Its
/// host speaks with the cell for it. What it needs of its process it has through <see cref="INodePorts"/>. One thread
/// at a time.
/// </summary>
/// <param name="incarnation">Greater than any that this node had before.</param>
/// <param name="clock">Simulated time; also ends the grace of what drains.</param>
public sealed partial class NodeEngine(
    NodeSpec spec, long incarnation, TimeProvider clock, ILoggingAdapter log, INodePorts ports)
{
    private readonly DeviceBoard _board = new(spec.Devices);
    private readonly Dictionary<long, NodeWork> _work = [];
    private long _incarnation = incarnation;
    private double _slowFactor = 1;
    private bool _up = true;

    /// <summary>False when nobody here understands the message.</summary>
    public bool Receive(object message, IActorRef sender)
    {
        if (!_up && message is not RecoverNode) return true;
        switch (message)
        {
            case StartWork order:
                Start(order);
                break;
            case StopWork order:
                Stop(order);
                break;
            case DrainOver over:
                EndDrain(over.Sequence);
                break;
            case AllocationDone done:
                Complete(done.Sequence, sender);
                break;
            case ForgetWork forget:
                Forget(forget);
                break;
            case Advertise:
                AdvertiseSelf();
                break;
            case RaiseIncarnation raise:
                _incarnation = Math.Max(_incarnation, raise.Least);
                AdvertiseSelf();
                break;
            case SlowNode slow:
                Slow(slow.Factor);
                break;
            case FailNode fail:
                Fail(fail.Reason);
                break;
            case RecoverNode:
                Recover();
                break;
            default:
                return false;
        }

        return true;
    }

    private void Start(StartWork order)
    {
        if (_work.TryGetValue(order.Sequence, out var known))
        {
            if (known.Completed) Notify(order.Sequence, ReportKind.Completed);
            else Notify(order.Sequence, ReportKind.Started, known.Run);
            return;
        }

        // It was told to go and is on its way: what the cell has heard last is not true any more.
        if (_draining.ContainsKey(order.Sequence)) return;

        // One that was stopped just now may still hold the actor name; the cell repeats the order.
        if (ports.IsEnding(order.Allocation)) return;

        var held = _board.TryHold(order.Sequence, order.DeviceMask, order.ShareMilli);
        if (held == HoldResult.Overlap && Waits(order)) return;
        if (held != HoldResult.Held)
        {
            log.Warning("{0} is not started on {1}, devices {2:x} share {3}: {4}",
                order.Allocation, spec.Id, order.DeviceMask, order.ShareMilli, held);
            return;
        }

        var run = RunningWork.Start(clock.GetUtcNow(), order.RunTime, order.Done, _slowFactor);
        var actor = ports.Run(order.Sequence, order.Allocation, run);
        _work.Add(order.Sequence, new NodeWork(actor, run, Completed: false));
        Notify(order.Sequence, ReportKind.Started, run);
    }

    private void Stop(StopWork order)
    {
        var sequence = order.Sequence;
        if (_draining.ContainsKey(sequence))
        {
            // The cell repeats its orders while it waits; only one without a grace means it.
            if (order.Grace <= TimeSpan.Zero) EndDrain(sequence);
            return;
        }

        _startsWaiting.Remove(sequence);
        if (order.Grace > TimeSpan.Zero && _work.TryGetValue(sequence, out var leaving) && !leaving.Completed)
        {
            Drain(sequence, leaving, order.Grace);
            return;
        }

        // A stop of what is not here is answered all the same: the cell wants it gone, and it is.
        var found = _work.Remove(sequence, out var work);
        if (found && !work!.Completed) ports.End(work.Actor);
        _board.Release(sequence);
        Notify(sequence, ReportKind.Stopped, done: found && work!.Completed ? 1 : 0);
    }

    private void Complete(long sequence, IActorRef sender)
    {
        // The sender tells a running allocation from a stopped one of the same sequence that was done in between.
        if (!_work.TryGetValue(sequence, out var work) || work.Completed || !work.Actor.Equals(sender)) return;
        _work[sequence] = work with { Completed = true };
        _board.Release(sequence);
        ports.End(work.Actor);
        Notify(sequence, ReportKind.Completed);
    }

    private void Forget(ForgetWork forget)
    {
        if (forget.Incarnation == _incarnation && _work.TryGetValue(forget.Sequence, out var work) && work.Completed)
            _work.Remove(forget.Sequence);
    }

    private void Slow(double factor)
    {
        if (!RunningWork.IsSlowFactor(factor))
        {
            log.Warning("{0} is not slowed by {1}: 1..{2} is allowed", spec.Id, factor, RunningWork.SlowFactorMax);
            return;
        }

        _slowFactor = factor;
        var now = clock.GetUtcNow();
        foreach (var (sequence, work) in _work.Where(w => !w.Value.Completed).ToList())
        {
            var run = work.Run.Slowed(now, factor);
            _work[sequence] = work with { Run = run };
            work.Actor.Tell(run, ports.Self);
            Tell(new WorkStretched(spec.Id, sequence, run));
        }
    }

    private void Fail(string reason)
    {
        _up = false;
        foreach (var work in _work.Values.Where(w => !w.Completed)) ports.End(work.Actor);
        _work.Clear();
        EndDrains();
        _board.Clear();
        Tell(new NodeFailed(spec.Id, _incarnation, reason));
    }

    private void Recover()
    {
        // A node that was only slow keeps its work: there is nothing it must forget.
        if (_up)
        {
            Slow(1);
            return;
        }

        _up = true;
        _slowFactor = 1;
        _incarnation++;
        AdvertiseSelf();
    }

    public void AdvertiseSelf() =>
        Tell(new NodeAdvertised(spec.Id, _incarnation, [.. _work.Keys.Order()]));

    private void Notify(long sequence, ReportKind kind, RunningWork? run = null, double done = 0) =>
        Tell(new WorkNoticed(spec.Id, _incarnation, sequence, kind, run) { Done = done });

    private void Tell(object notice) => ports.Host.Tell(notice, ports.Self);

    private sealed record NodeWork(IActorRef Actor, RunningWork Run, bool Completed);
}
