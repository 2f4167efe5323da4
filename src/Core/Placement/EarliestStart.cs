using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Placement;

/// <summary>A part of a future start on one node.</summary>
/// <param name="Devices">Whole devices it keeps there.</param>
/// <param name="FreeMask">Devices that nobody holds at the start, the job's own among them.</param>
/// <param name="HeadroomDevices">Devices left beside it at the start, and CPU and memory with them.</param>
public sealed record StartPiece(
    NodeState Node,
    int Ranks,
    int Devices,
    int CpuMilli,
    long MemoryMiB,
    uint FreeMask,
    int HeadroomDevices,
    int HeadroomCpuMilli,
    long HeadroomMemoryMiB);

/// <summary>The earliest start that a job may expect, and where.</summary>
/// <param name="Start">Simulated time; the instant of the look where it fits at once.</param>
/// <param name="End">When it would be done; the end of time for a service.</param>
/// <param name="GuestsLeave">Guests on these devices leave for it.</param>
public sealed record StartSlot(
    Alternative Alternative,
    DateTimeOffset Start,
    DateTimeOffset End,
    bool GuestsLeave,
    IReadOnlyList<StartPiece> Pieces)
{
    public int Devices => Pieces.Sum(p => p.Devices);
}

/// <summary>
/// A look into the future of a cell: when devices will be free, from the planned ends of running work, and what is
/// promised to whom. Services never end; draining and lost nodes give nothing; guests leave for gangs. What is promised
/// is held from now on, so a promise is never on devices of an earlier one before that one's end.
/// </summary>
public sealed class EarliestStart(CellState state, DateTimeOffset now)
{
    private readonly List<StartSlot> _promised = [];

    /// <summary>
    /// The earliest start over the alternatives, the first of them where several are equal; null where none has room
    /// within <see cref="Limits.StartStepsMax"/> ends of running work. Cost: the nodes of the models, and the ends.
    /// </summary>
    /// <param name="tasks">Tasks that are to start at once; a gang starts with its least size.</param>
    /// <param name="done">Share of a gang's work that is done, 0..1.</param>
    public StartSlot? Earliest(JobSpec spec, IReadOnlyList<Alternative> alternatives, int tasks, double done = 0)
    {
        var demand = StartDemand.Of(spec, tasks);
        StartSlot? best = null;
        foreach (var alternative in alternatives)
        {
            if (On(spec, demand, alternative, done) is not { } slot || slot.Start >= best?.Start) continue;
            best = slot;
            if (best.Start <= now) break;
        }

        return best;
    }

    /// <summary>Keeps the devices of a slot for its job in all later looks.</summary>
    public void Promise(StartSlot slot) => _promised.Add(slot);

    /// <summary>When work that starts at an instant is done; the end of time for a service.</summary>
    public static DateTimeOffset EndOf(CellState state, JobSpec spec, string model, DateTimeOffset start, double done)
    {
        var devices = spec.Kind == JobKind.Training ? spec.LeastDevices : spec.Devices;
        return EndOf(RunTimes.Of(spec, state.Catalog, state.Policy.Gangs, model, devices), start, done);
    }

    internal static DateTimeOffset EndOf(TimeSpan runTime, DateTimeOffset start, double done) =>
        runTime > TimeSpan.Zero ? start + runTime * (1 - Math.Clamp(done, 0, 1)) : DateTimeOffset.MaxValue;

    private StartSlot? On(JobSpec spec, StartDemand demand, Alternative alternative, double done)
    {
        var model = alternative.Model;
        var nodes = new StartNodes(state, spec, demand, model);
        var ends = new PriorityQueue<Action<DateTimeOffset>, (DateTimeOffset, long)>();
        foreach (var slot in _promised)
        {
            if (slot.Alternative.Model != model) continue;
            foreach (var piece in slot.Pieces)
                nodes.Promise(piece.Node.Index, piece.Devices, piece.CpuMilli, piece.MemoryMiB, now);
            if (slot.End == DateTimeOffset.MaxValue) continue;
            ends.Enqueue(at =>
            {
                foreach (var piece in slot.Pieces)
                    nodes.Promise(piece.Node.Index, -piece.Devices, -piece.CpuMilli, -piece.MemoryMiB, at);
            }, (slot.End, -1));
        }

        if (nodes.Ranks >= demand.Ranks) return Slot(now);
        var steps = 0;
        using var planned = state.Releases.Of(model).GetEnumerator();
        var more = planned.MoveNext();

        // What is overdue is not the next to end: it takes its place behind.
        for (; more && planned.Current.End <= now; more = planned.MoveNext())
        {
            if (++steps > Limits.StartStepsMax) return null;
            var (end, sequence) = planned.Current;
            var late = state.FindAllocation(sequence)!;
            ends.Enqueue(at => nodes.Release(late, at), (ReleaseCalendar.Expected(end, now), sequence));
        }

        while (more || ends.Count > 0)
        {
            if (++steps > Limits.StartStepsMax) return null;
            var isPlanned = more && (!ends.TryPeek(out _, out var first) || planned.Current.End <= first.Item1);
            DateTimeOffset at;
            if (isPlanned)
            {
                at = planned.Current.End;
                nodes.Release(state.FindAllocation(planned.Current.Sequence)!, at);
                more = planned.MoveNext();
            }
            else
            {
                ends.TryDequeue(out var release, out var key);
                at = key.Item1;
                release!(at);
            }

            if (nodes.Ranks >= demand.Ranks) return Slot(at);
        }

        return null;

        StartSlot Slot(DateTimeOffset start) => new(
            alternative, start, EndOf(state, spec, model, start, done), demand.GuestsLeave, nodes.Choose());
    }
}
