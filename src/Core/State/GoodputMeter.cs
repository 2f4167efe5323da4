using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>
/// Counts which part of the devices' time was of use: goodput is useful ÷ allocated device-hours. A gang loses what it
/// did since its last checkpoint, a batch task all it did; each loss is counted under what ended the allocation. Units
/// are those of <see cref="WorkLedger"/>.
/// </summary>
public sealed class GoodputMeter
{
    private readonly SortedDictionary<AllocationEnd, double> _lost = [];

    public double UsefulTrainingMs { get; internal set; }

    public double UsefulBatchMs { get; internal set; }

    /// <summary>By what ended the allocation; the rest of a gang that broke counts with the part that broke it.
    /// </summary>
    public IReadOnlyDictionary<AllocationEnd, double> LostMs => _lost;

    internal void RestoreLost(AllocationEnd end, double ms) => _lost[end] = ms;

    /// <summary>Before the allocation is marked as started.</summary>
    internal static void Start(AllocationState allocation)
    {
        var job = allocation.Job;
        if (job.Spec.Kind != JobKind.Training || job.Allocations.Values.Any(a => a.Started)) return;
        // Whatever the gang before wrote as it left has been told: this one starts from it.
        job.Work = job.Work with
        {
            RunMs = job.Allocations.Values.Sum(a => RunMs(a)),
            LostTo = null,
            LastLostMs = 0,
        };
    }

    /// <summary>A checkpoint, or the end, makes a share of the work safe; before <see cref="JobState.Done"/> says so.
    /// </summary>
    internal void Save(JobState job, double done)
    {
        var ms = (done - job.Done) * job.Work.RunMs;
        if (job.Spec.Kind != JobKind.Training || !(ms > 0)) return;
        UsefulTrainingMs += ms;
        job.Work = job.Work with { UsefulMs = job.Work.UsefulMs + ms };
        if (job.Work.LostTo is not { } cause) return;
        var back = Math.Min(ms, job.Work.LastLostMs);
        Lose(job, cause, -back);
        job.Work = job.Work with { LastLostMs = job.Work.LastLostMs - back };
    }

    /// <summary>The allocation gives its devices back.</summary>
    internal void End(AllocationState allocation, AllocationEnd end, DateTimeOffset at)
    {
        var job = allocation.Job;
        job.Work = job.Work with { HeldMs = job.Work.HeldMs + WorkLedger.Held(allocation, at) };
        if (allocation.StartedAt is not { } started || job.Spec.Kind == JobKind.Inference) return;
        if (end == AllocationEnd.Completed)
        {
            if (job.Spec.Kind != JobKind.Batch) return;
            UsefulBatchMs += RunMs(allocation);
            job.Work = job.Work with { UsefulMs = job.Work.UsefulMs + RunMs(allocation) };
            return;
        }

        // A part that was done and waited for the rest of its gang did no more than its work.
        var run = allocation.Placed.RunTime.TotalMilliseconds;
        var ran = Math.Min((at - started).TotalMilliseconds, run * (1 - allocation.DoneAtStart));
        var safe = job.Spec.Kind == JobKind.Training ? (job.Done - allocation.DoneAtStart) * run : 0;
        var lost = Math.Max(0, ran - safe) * WorkLedger.Devices(allocation);
        var cause = end == AllocationEnd.GangBroken ? job.Work.LostTo ?? end : end;
        Lose(job, cause, lost);
        if (job.Spec.Kind != JobKind.Training) return;
        job.Work = job.Work with { LostTo = cause, LastLostMs = job.Work.LastLostMs + lost };
    }

    private void Lose(JobState job, AllocationEnd cause, double ms)
    {
        _lost[cause] = _lost.GetValueOrDefault(cause) + ms;
        job.Work = job.Work with { LostMs = job.Work.LostMs + ms };
    }

    private static double RunMs(AllocationState allocation) =>
        allocation.Placed.RunTime.TotalMilliseconds * WorkLedger.Devices(allocation);
}
