using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Commands;

/// <summary>
/// What the nodes last said of the progress of gangs. It is not in the journal: only the checkpoints that follow from
/// it are, because only they survive the loss of a node.
/// </summary>
public sealed class ProgressBoard
{
    private readonly Dictionary<long, double> _done = [];

    /// <summary>Share of its run that an allocation has done, 0..1; zero when nothing was said of it.</summary>
    public double Of(long sequence) => _done.GetValueOrDefault(sequence);

    /// <summary>A gang has done what its slowest allocation has.</summary>
    public double Of(JobState job) =>
        job.Allocations.Count == 0 ? job.Done : Math.Max(job.Done, job.Allocations.Keys.Min(Of));

    public void Forget(long sequence) => _done.Remove(sequence);

    /// <summary>Takes reports in and gives what follows from them: the checkpoints that the gangs have written since,
    /// and the nodes that hold one up.</summary>
    /// <param name="reports">Pairs of allocation sequence and share done, 0..1.</param>
    public IReadOnlyList<CellCommand> Report(CellState state, IEnumerable<(long Sequence, double Done)> reports)
    {
        var gangs = new SortedDictionary<long, JobState>();
        foreach (var (sequence, done) in reports)
        {
            if (state.FindAllocation(sequence) is not { } allocation || double.IsNaN(done)) continue;
            _done[sequence] = Math.Clamp(done, 0, 1);
            if (allocation.Job.Spec is { Kind: JobKind.Training, Checkpoint.Ticks: > 0 })
                gangs[allocation.Job.Number] = allocation.Job;
        }

        var commands = new List<CellCommand>();
        foreach (var job in gangs.Values)
        {
            if (Checkpointed(job) is var safe && safe > job.Done)
                commands.Add(new RecordCheckpoint(job.Number, safe));
            if (Stragglers.Find(job, this) is { } straggler) commands.Add(straggler);
        }

        return commands;
    }

    /// <summary>Progress at the last whole checkpoint interval.</summary>
    private double Checkpointed(JobState job)
    {
        var runTime = job.Allocations.First().Value.Placed.RunTime;
        var intervals = Math.Floor(Of(job) * (runTime / job.Spec.Checkpoint) + 1e-9);
        return Math.Min(1, intervals * (job.Spec.Checkpoint / runTime));
    }
}
