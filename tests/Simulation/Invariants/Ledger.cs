using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Node.Nodes;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;
using Stockpile.Simulation.Tests.Cells;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Invariants;

/// <summary>
/// All that is durable, replayed row by row from the first one as it is written, and what may be said of it. It is the
/// only one in the simulation that sees everything.
/// </summary>
public sealed partial class Ledger(SimCluster cluster)
{
    private readonly SortedDictionary<string, CellState> _replayed = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, TakenJob> _jobs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Cell, long Sequence), PlacedThere> _placed = [];
    private readonly Dictionary<(string Cell, string Node), int[]> _boundMilli = [];
    private readonly HashSet<(string Cell, long Sequence)> _done = [];

    /// <summary>The last checkpoint of a job in each of its stays.</summary>
    private readonly Dictionary<JobId, double> _safe = [];

    /// <summary>Stays that wrote a checkpoint after the job had left.</summary>
    private readonly HashSet<JobId> _lateWords = [];
    private long _compared;

    /// <summary>A job as the journals have it.</summary>
    public sealed class TakenJob
    {
        public required JobId Id { get; init; }
        public required JobSpec Spec { get; init; }

        /// <summary>The cell that has it, or had it last, and its number there.</summary>
        public required JobId At { get; set; }

        /// <summary>The cell that it is on its way to; empty: none.</summary>
        public string ForwardedTo { get; set; } = "";

        public bool Ended { get; set; }
        public bool Cancelled { get; set; }
        /// <summary>The most progress that any part of it ever reported.</summary>
        public double Reported { get; set; }
    }

    private sealed record PlacedThere(string Node, string Job, uint Mask, int Milli, double DoneThen)
    {
        public bool Ended { get; set; }
    }

    public IReadOnlyDictionary<string, TakenJob> Jobs => _jobs;

    private SimWorld World => cluster.World;

    /// <summary>The state that the durable rows of a cell give.</summary>
    public CellState Replayed(string cell)
    {
        if (!_replayed.TryGetValue(cell, out var state))
            _replayed.Add(cell, state = new CellState(cell, SimCluster.Catalog, cluster.Policy));
        return state;
    }

    public void OnDurable(string name, byte[] bytes)
    {
        if (KeyDesks.IsDesk(name)) DeskDurable(name, KeysBound.Parser.ParseFrom(bytes));
        else CellDurable(name, RoundCommitted.Parser.ParseFrom(bytes));
        World.Trace.Mix((ulong)bytes.Length);
    }

    private void CellDurable(string cell, RoundCommitted row)
    {
        var round = row.FromWire();
        var state = Replayed(cell);
        if (round.Events.OfType<EpochRaised>().FirstOrDefault() is { } raised && raised.Epoch <= state.Epoch)
            World.Fail(Invariant.EpochsRise, $"{cell} raises its epoch to {raised.Epoch} after {state.Epoch}");
        // The core would refuse the row, and say less.
        foreach (var committed in round.Events) EndsOnce(state, committed);
        try
        {
            state.Replay(round);
        }
        catch (InvariantBrokenException fault)
        {
            World.Fail(Invariant.JournalIsEnough, $"row {round.Number} of {cell} cannot be replayed: {fault.Message}");
        }

        foreach (var committed in round.Events) Take(state, committed);
        Sweep();
    }

    private void Take(CellState state, CellEvent committed)
    {
        var cell = state.Cell;
        switch (committed)
        {
            case JobSubmitted e:
                MayBeTaken(state, e.Key);
                Submitted(cell, e);
                break;
            case ArraySplit e: Split(state, e); break;
            case PartEnded e: PartEnded(state, e); break;
            case KeyClosed: World.Count("keys closed"); break;
            case JobPlaced e: Placed(state, e); break;
            case AllocationsEnded e: EndedThere(cell, e); break;
            case CheckpointRecorded e: Checkpointed(state, e.Job, e.Done); break;
            case JobRequeued: World.Count("requeued"); break;
            case JobMoved: World.Count("moved"); break;
            case ReplicasScaled: World.Count("scaled"); break;
            case NodeLost: World.Count("nodes lost"); break;
            case NodeDrained: World.Count("nodes drained"); break;
            case NodeResumed: World.Count("nodes resumed"); break;
            case JobForwarded e: Forwarded(state, e); break;
            case JobAdopted e: Adopted(cell, e); break;
            case AdoptionConfirmed e: Confirmed(state, e); break;
            case AdoptionDropped: World.Count("adoption dropped"); break;
            case TaskDoneLate e: DoneLate(cell, e); break;
            case JobCompleted e: Ended(NameOf(state, e.Job), "completed"); break;
            case JobFailed e: Ended(NameOf(state, e.Job), "failed"); break;
            case JobCancelled e:
                Ended(NameOf(state, e.Job), "cancelled");
                _jobs[NameOf(state, e.Job)].Cancelled = true;
                break;
        }
    }

    private static string NameOf(CellState state, long job) => state.NameOf(state.FindJob(job)!);

    private void Submitted(string cell, JobSubmitted e)
    {
        World.Count("jobs taken");
        var id = new JobId(cell, e.Job);
        if (_byName.TryGetValue(e.Spec.Name, out var first) || _byKey.TryGetValue(e.Key, out first))
            World.Fail(Invariant.OneJobPerKey,
                $"the key '{e.Key}' of '{e.Spec.Name}' has made {first} and now {id}");
        _byName.Add(e.Spec.Name, id.ToString());
        _byKey.Add(e.Key, id.ToString());
        _jobs.Add(id.ToString(), new TakenJob { Id = id, At = id, Spec = e.Spec });
    }

    private void Split(CellState state, ArraySplit e)
    {
        World.Count("arrays split");
        var id = new JobId(state.Cell, e.Part);
        _jobs.Add(id.ToString(), new TakenJob { Id = id, At = id, Spec = state.FindJob(e.Part)!.Spec });
    }

    private void PartEnded(CellState state, PartEnded e)
    {
        World.Count("parts known to have ended");
        if (!_jobs[new JobId(state.Cell, e.Part).ToString()].Ended)
            World.Fail(Invariant.CompletionCountedOnce,
                $"{state.Cell} takes its part {e.Part} for {e.How}, and it has not ended");
    }

    private void Placed(CellState state, JobPlaced e)
    {
        World.Count("jobs placed");
        var name = NameOf(state, e.Job);
        foreach (var a in e.Allocations)
        {
            var milli = a.ShareMilli > 0 ? a.ShareMilli : Limits.MilliPerDevice;
            _placed.Add((state.Cell, a.Sequence),
                new PlacedThere(a.Node, name, a.DeviceMask, milli, SafeIn(new JobId(state.Cell, e.Job))));
            Bind(state.Cell, a.Node, a.DeviceMask, milli);
        }
    }

    private void Bind(string cell, string node, uint mask, int milli)
    {
        if (!_boundMilli.TryGetValue((cell, node), out var bound))
            _boundMilli.Add((cell, node), bound = new int[Limits.DevicesPerNodeMax]);
        for (var device = 0; device < bound.Length; device++)
        {
            if ((mask >> device & 1) == 0) continue;
            bound[device] += milli;
            if (bound[device] is < 0 or > Limits.MilliPerDevice)
                World.Fail(Invariant.DeviceHeldOnce,
                    $"the journal of {cell} binds {bound[device]} thousandths of device {device} of {node}");
        }
    }

    private void EndedThere(string cell, AllocationsEnded e)
    {
        World.Count($"ended {e.End}");
        foreach (var sequence in e.Sequences)
        {
            var placed = _placed[(cell, sequence)];
            if (placed.Ended)
                World.Fail(Invariant.DeviceHeldOnce, $"the devices of {placed.Job}.{sequence} are given back twice");
            placed.Ended = true;
            Bind(cell, placed.Node, placed.Mask, -placed.Milli);
            if (e.End == AllocationEnd.Completed && !_done.Contains((cell, sequence)))
                World.Fail(Invariant.CompletedWasDone,
                    $"{placed.Job}.{sequence} counts as completed, and {placed.Node} has not done it");
        }
    }

    private void DoneLate(string cell, TaskDoneLate e)
    {
        World.Count("tasks done late");
        if (!_done.Contains((cell, e.Sequence)))
            World.Fail(Invariant.CompletedWasDone,
                $"{cell}-{e.Job}.{e.Sequence} counts as done late, and no node has done it");
    }

    private void EndsOnce(CellState state, CellEvent committed)
    {
        var ending = committed switch
        {
            JobCompleted e => e.Job,
            JobFailed e => e.Job,
            JobCancelled e => e.Job,
            _ => 0,
        };
        if (state.FindJob(ending) is { } known && _jobs[state.NameOf(known)].Ended)
            World.Fail(Invariant.CompletionCountedOnce, $"{state.NameOf(known)} ends twice");
    }

    private void Ended(string name, string how)
    {
        World.Count($"jobs {how}");
        _jobs[name].Ended = true;
    }

    private double SafeIn(JobId stay) => _safe.GetValueOrDefault(stay);

    private void Checkpointed(CellState state, long number, double done)
    {
        World.Count("checkpoints");
        var name = NameOf(state, number);
        var stay = new JobId(state.Cell, number);
        if (state.FindJob(number)!.Ended == JobPhase.Forwarded)
        {
            World.Count("last checkpoints of gangs that left");
            // Told to the other cell when it is durable, which may be after that has gone on without it.
            _lateWords.Add(stay);
        }

        if (done <= SafeIn(stay))
            World.Fail(Invariant.CheckpointsHold, $"{name} goes back from {SafeIn(stay)} to {done}");
        if (done > _jobs[name].Reported + 1e-9)
            World.Fail(Invariant.CheckpointsHold,
                $"{name} has a checkpoint at {done} and reported {_jobs[name].Reported}");
        _safe[stay] = done;
    }

    private void Forwarded(CellState state, JobForwarded e)
    {
        World.Count("jobs forwarded");
        var id = NameOf(state, e.Job);
        if (id != new JobId(state.Cell, e.Job).ToString()) World.Count("jobs forwarded again");
        _jobs[id].ForwardedTo = e.Cell;
        if (Replayed(e.Cell).FindAdopted(id) is not { Held: true })
            World.Fail(Invariant.NeverGone, $"{state.Cell} lets go of {id}, and {e.Cell} does not have it");
    }

    private void Adopted(string cell, JobAdopted e)
    {
        var from = e.Ticket is { } ticket ? new JobId(ticket.From, ticket.Number) : _jobs[e.Origin].Id;
        if (e.Ticket is { Sequence: > 0 }) World.Count("running gangs offered and taken");
        if (e.Done > SafeIn(from) + 1e-9)
            World.Fail(Invariant.CheckpointsHold, $"{cell} has {e.Origin} at {e.Done}, and {from} at {SafeIn(from)}");
        _safe[new JobId(cell, e.Job)] = e.Done;
    }

    private void Confirmed(CellState state, AdoptionConfirmed e)
    {
        World.Count("jobs adopted");
        var id = NameOf(state, e.Job);
        var job = _jobs[id];
        if (job.ForwardedTo != state.Cell)
            World.Fail(Invariant.NeverGone, $"{state.Cell} takes {id} for its own, and its home has not let go of it");
        var stay = new JobId(state.Cell, e.Job);
        // What the cell before knew when it let go must not be lost on the way.
        if (SafeIn(stay) < SafeIn(job.At) - 1e-9 && !_lateWords.Contains(job.At))
            World.Fail(Invariant.CheckpointsHold,
                $"{stay} goes on with {id} at {SafeIn(stay)}, behind {SafeIn(job.At)}");
        job.At = stay;
        job.ForwardedTo = "";
    }

    /// <summary>How far a run was when somebody asked.</summary>
    public void Reported(string cell, long sequence, double done)
    {
        if (_placed.TryGetValue((cell, sequence), out var placed) && _jobs.TryGetValue(placed.Job, out var job))
            job.Reported = Math.Max(job.Reported, done);
    }

    /// <summary>A node has done it.</summary>
    public void WasDone(string cell, long sequence)
    {
        _done.Add((cell, sequence));
        Reported(cell, sequence, 1);
    }

    /// <summary>A node begins it.</summary>
    public void Began(NodeSpec node, StartWork order)
    {
        if (!_placed.TryGetValue((node.Cell, order.Sequence), out var placed))
        {
            World.Fail(Invariant.AcknowledgedIsDurable,
                $"{node.Id} begins {order.Allocation}, which no journal has placed");
            return;
        }

        if (placed.Node != node.Id)
            World.Fail(Invariant.AllocationOnOneNode, $"{order.Allocation} is placed on {placed.Node}, not {node.Id}");
        if (_jobs[placed.Job].Spec.Kind == JobKind.Training && order.Done < placed.DoneThen - 1e-9)
            World.Fail(Invariant.CheckpointsHold,
                $"{order.Allocation} begins at {order.Done}, behind its checkpoint {placed.DoneThen}");
    }
}
