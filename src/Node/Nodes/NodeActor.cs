using Akka.Actor;
using Akka.Event;
using Stockpile.Core.Fleets;
using Stockpile.Node.Devices;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Nodes;

/// <summary>
/// One accelerator node. It owns what runs on it: which allocation holds which device, and how far each one is. Its
/// parent is the host, which speaks with the cell for it.
/// </summary>
/// <param name="incarnation">Greater than that of any actor this node had before.</param>
public sealed partial class NodeActor(NodeSpec spec, long incarnation, TimeProvider clock) : UntypedActor
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly DeviceBoard _board = new(spec.Devices);
    private readonly Dictionary<long, NodeWork> _work = [];
    private long _incarnation = incarnation;
    private double _slowFactor = 1;
    private bool _up = true;

    public static Props Props(NodeSpec spec, long incarnation, TimeProvider clock) =>
        // By type and arguments: an expression would be compiled for each of thousands of nodes.
        Akka.Actor.Props.Create<NodeActor>(spec, incarnation, clock);

    protected override void PreStart() => AdvertiseSelf();

    // An allocation that throws leaves its node in a state nobody planned, so the whole node fails and starts anew.
    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(_ => Directive.Escalate);

    protected override void OnReceive(object message)
    {
        if (!_up && message is not RecoverNode) return;
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
                Complete(done.Sequence);
                break;
            case ForgetWork forget:
                Forget(forget);
                break;
            case Advertise:
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
                Unhandled(message);
                break;
        }
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
        if (!Context.Child(order.Allocation).IsNobody()) return;

        var held = _board.TryHold(order.Sequence, order.DeviceMask, order.ShareMilli);
        if (held == HoldResult.Overlap && Waits(order)) return;
        if (held != HoldResult.Held)
        {
            _log.Warning("{0} is not started on {1}, devices {2:x} share {3}: {4}",
                order.Allocation, spec.Id, order.DeviceMask, order.ShareMilli, held);
            return;
        }

        var run = RunningWork.Start(clock.GetUtcNow(), order.RunTime, order.Done, _slowFactor);
        var actor = Context.ActorOf(
            Akka.Actor.Props.Create<AllocationActor>(order.Sequence, run, clock), order.Allocation);
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
        if (found && !work!.Completed) Context.Stop(work.Actor);
        _board.Release(sequence);
        Notify(sequence, ReportKind.Stopped, done: found && work!.Completed ? 1 : 0);
    }

    private void Complete(long sequence)
    {
        // The sender tells a running allocation from a stopped one of the same sequence that was done in between.
        if (!_work.TryGetValue(sequence, out var work) || work.Completed || !work.Actor.Equals(Sender)) return;
        _work[sequence] = work with { Completed = true };
        _board.Release(sequence);
        Context.Stop(work.Actor);
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
            _log.Warning("{0} is not slowed by {1}: 1..{2} is allowed", spec.Id, factor, RunningWork.SlowFactorMax);
            return;
        }

        _slowFactor = factor;
        var now = clock.GetUtcNow();
        foreach (var (sequence, work) in _work.Where(w => !w.Value.Completed).ToList())
        {
            var run = work.Run.Slowed(now, factor);
            _work[sequence] = work with { Run = run };
            work.Actor.Tell(run);
            Context.Parent.Tell(new WorkStretched(spec.Id, sequence, run));
        }
    }

    private void Fail(string reason)
    {
        _up = false;
        foreach (var work in _work.Values.Where(w => !w.Completed)) Context.Stop(work.Actor);
        _work.Clear();
        EndDrains();
        _board.Clear();
        Context.Parent.Tell(new NodeFailed(spec.Id, _incarnation, reason));
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

    private void AdvertiseSelf() =>
        Context.Parent.Tell(new NodeAdvertised(spec.Id, _incarnation, [.. _work.Keys.Order()]));

    private void Notify(long sequence, ReportKind kind, RunningWork? run = null, double done = 0) =>
        Context.Parent.Tell(new WorkNoticed(spec.Id, _incarnation, sequence, kind, run) { Done = done });

    private sealed record NodeWork(IActorRef Actor, RunningWork Run, bool Completed);
}
