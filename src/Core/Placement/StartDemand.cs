using Stockpile.Core.Jobs;

namespace Stockpile.Core.Placement;

/// <summary>
/// What a job wants of a model, as a number of equal ranks: a gang's ranks, one device each and all at once, or tasks.
/// </summary>
/// <param name="Ranks">Ranks wanted.</param>
/// <param name="PerNode">Exactly so many ranks on every node; 0: any split.</param>
/// <param name="Devices">Whole devices of one rank; 0 with a share or CPU only.</param>
/// <param name="GuestsLeave">Devices of guests count as free: a gang takes them back.</param>
internal readonly record struct StartDemand(
    int Ranks, int PerNode, int Devices, int ShareMilli, int CpuMilli, long MemoryMiB, bool GuestsLeave)
{
    /// <param name="tasks">Tasks wanted at once; a gang always wants the least that it can start with.</param>
    public static StartDemand Of(JobSpec spec, int tasks) => spec.Kind == JobKind.Training
        ? new StartDemand(spec.LeastDevices, spec.PerNode, 1, 0, spec.CpuMilli, spec.MemoryMiB, GuestsLeave: true)
        : new StartDemand(
            Math.Max(1, tasks), 0, spec.Devices, spec.ShareMilli, spec.CpuMilli, spec.MemoryMiB, GuestsLeave: false);

    /// <summary>Whole devices that so many ranks keep from others.</summary>
    public int DevicesOf(int ranks) => ShareMilli > 0
        ? (int)(((long)ranks * ShareMilli + Limits.MilliPerDevice - 1) / Limits.MilliPerDevice)
        : ranks * Devices;
}
