using Stockpile.Core.Commands;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// Gangs that leave with a grace and write a checkpoint meanwhile. Only when all parts have said how far they were is
/// there one, and until then the gang is not started anew, for it would begin where it was longer ago. One that writes
/// no checkpoints has lost its work, unless all of it turns out to be done. Not in the journal: a cell that recovers
/// goes on from the checkpoint before.
/// </summary>
public sealed class GangDrains(TimeSpan grace)
{
    private sealed class Drain
    {
        public required long Job { get; init; }
        public required bool Saves { get; init; }
        public HashSet<long> Left { get; } = [];
        public double Done { get; set; } = 1;
        public bool Whole { get; set; } = true;
    }

    private readonly Dictionary<long, Drain> _bySequence = [];
    private readonly Dictionary<long, Drain> _byJob = [];

    /// <summary>True while parts of the job's gang of before are still leaving.</summary>
    public bool Holds(long job) => _byJob.ContainsKey(job);

    /// <summary>
    /// Takes up what ended in a round. A gang that lost a node, or that was not running as a whole, has nothing to
    /// write.
    /// </summary>
    public void Begin(IReadOnlyCollection<(AllocationState Allocation, AllocationEnd End)> ended)
    {
        foreach (var gang in ended
            .Where(e => e.Allocation.Job.Spec.Kind == JobKind.Training)
            .GroupBy(e => e.Allocation.Job.Number))
        {
            if (gang.Any(e => !IsGraceful(e.End) || !e.Allocation.Started) || _byJob.ContainsKey(gang.Key)) continue;
            var saves = grace > TimeSpan.Zero && gang.First().Allocation.Job.Spec.Checkpoint > TimeSpan.Zero;
            var drain = new Drain { Job = gang.Key, Saves = saves };
            foreach (var (allocation, _) in gang.Where(e => !e.Allocation.Finished))
            {
                drain.Left.Add(allocation.Sequence);
                _bySequence.Add(allocation.Sequence, drain);
            }

            if (drain.Left.Count > 0) _byJob.Add(gang.Key, drain);
        }
    }

    /// <summary>The grace of an allocation; zero where nothing is gained by it: batch tasks, and gangs without
    /// checkpoints, begin anew.</summary>
    public TimeSpan GraceOf(AllocationState allocation, AllocationEnd end)
    {
        if (!allocation.Started || !IsGraceful(end)) return TimeSpan.Zero;
        return allocation.Job.Spec.Kind == JobKind.Inference
            || _bySequence.GetValueOrDefault(allocation.Sequence) is { Saves: true }
            ? grace
            : TimeSpan.Zero;
    }

    /// <summary>A part has ended; the checkpoint of the whole gang when it was the last one, else null.</summary>
    /// <param name="done">Share of the run that it could save, 0..1.</param>
    public RecordCheckpoint? Ended(long sequence, double done)
    {
        if (!_bySequence.Remove(sequence, out var drain)) return null;
        drain.Left.Remove(sequence);
        var saved = double.IsNaN(done) || (done < 1 && !drain.Saves) ? 0 : Math.Clamp(done, 0, 1);
        drain.Done = Math.Min(drain.Done, saved);
        if (drain.Left.Count > 0) return null;
        _byJob.Remove(drain.Job);
        return drain is { Whole: true, Done: > 0 } ? new RecordCheckpoint(drain.Job, drain.Done) : null;
    }

    /// <summary>A part was lost with its node: a checkpoint without it is none.</summary>
    public void Lost(long sequence)
    {
        if (_bySequence.TryGetValue(sequence, out var drain)) drain.Whole = false;
        Ended(sequence, 0);
    }

    /// <summary>All that the cell itself sends away, whatever for, but not what a user cancels.</summary>
    private static bool IsGraceful(AllocationEnd end) => end is AllocationEnd.Preempted or AllocationEnd.Moved
        or AllocationEnd.Drained or AllocationEnd.Reclaimed or AllocationEnd.ScaledDown;
}
