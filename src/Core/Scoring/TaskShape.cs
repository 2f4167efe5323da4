using Stockpile.Core.Jobs;

namespace Stockpile.Core.Scoring;

/// <summary>What one task needs on its node: all that scoring knows of it.</summary>
/// <param name="CpuMilli">Thousandths of a core.</param>
/// <param name="MemoryMiB">Host memory.</param>
/// <param name="Devices">Whole devices; 0 with a share or for a CPU-only task.</param>
/// <param name="ShareMilli">Thousandths of one device, 1..999; 0: whole devices.</param>
public readonly record struct TaskShape(int CpuMilli, long MemoryMiB, int Devices, int ShareMilli)
{
    /// <summary>Kinds of tasks by device demand: CPU only, a share, 1 device, 2 devices, …</summary>
    public const int Kinds = Limits.DevicesPerNodeMax + 2;

    public static TaskShape Of(JobSpec spec) => new(spec.CpuMilli, spec.MemoryMiB, spec.Devices, spec.ShareMilli);

    /// <summary>Devices it touches.</summary>
    public int DeviceCount => ShareMilli > 0 ? 1 : Devices;

    /// <summary>What it takes of each of them, in thousandths.</summary>
    public int MilliEach => ShareMilli > 0 ? ShareMilli : Devices > 0 ? Limits.MilliPerDevice : 0;

    /// <summary>What it takes of devices in all, in thousandths.</summary>
    public int DeviceMilli => ShareMilli > 0 ? ShareMilli : Devices * Limits.MilliPerDevice;

    /// <summary>0 CPU only, 1 a share, 1 + n for n whole devices.</summary>
    public int Kind => ShareMilli > 0 ? 1 : Devices == 0 ? 0 : 1 + Devices;
}
