namespace Stockpile.Core.State;

/// <summary>
/// What became of the devices' time that a job was given, in device-milliseconds of simulated time; a share counts as
/// its thousandths. What a running gang has done since its last checkpoint is neither useful nor lost yet.
/// </summary>
/// <param name="HeldMs">By allocations that have ended, from their placement on.</param>
/// <param name="UsefulMs">What the work that is safe takes on the devices it ran on, undisturbed.</param>
/// <param name="LostMs">Work that was done and is not safe: it has to be done again, or was in vain.</param>
public readonly record struct WorkLedger(double HeldMs, double UsefulMs, double LostMs)
{
    /// <summary>Training: what the whole work takes on the devices of the last gang that started.</summary>
    public double RunMs { get; init; }

    /// <summary>Training: why the last gang ended before its work was done; null when it did not, or one has started
    /// since.</summary>
    public AllocationEnd? LostTo { get; init; }

    /// <summary>What was lost with it; a checkpoint that it wrote as it left is told later and takes its part back.
    /// </summary>
    public double LastLostMs { get; init; }

    /// <summary>With the allocations that the job has now.</summary>
    public static double HeldBy(JobState job, DateTimeOffset at)
    {
        var held = job.Work.HeldMs;
        foreach (var allocation in job.Allocations.Values) held += Held(allocation, at);
        return held;
    }

    internal static double Held(AllocationState allocation, DateTimeOffset at) =>
        (at - allocation.PlacedAt).TotalMilliseconds * Devices(allocation);

    internal static double Devices(AllocationState allocation) =>
        allocation.DeviceMilli / (double)Limits.MilliPerDevice;
}
