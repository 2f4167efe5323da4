namespace Stockpile.Core.Scoring;

/// <summary>
/// Our own: fragmentation gradient descent with two things that it does not see.
/// <list type="number">
/// <item><b>Stranding.</b> F asks whether each kind of task would fit once. A node with four free devices and the CPU
/// for one task counts as hardly fragmented, yet three devices are lost. So what a node has free beyond what its free
/// CPU can feed, at the mix's CPU per device, counts as lost too.</item>
/// <item><b>Pressure.</b> A task that may run on any model should not take those that others can not do without
/// (<see cref="ModelPressure"/>).</item>
/// </list>
/// The score is cut to steps of a tenth of a device, so that equal nodes are filled one after the other.
/// The three weights were chosen on openb's <c>default</c>, <c>gpuspec33</c> and <c>multigpu20</c>; see
/// docs/placement.md.
/// </summary>
[ScoringPolicy("stockpile", "fgd with stranded capacity and model pressure")]
public sealed class StockpilePolicy(ScoringContext context) : IScoringPolicy
{
    /// <summary>Thousandths of a device that are one step of the score.</summary>
    private const double Step = 100;

    /// <summary>Weight of a milli of pressure against a milli of fragmentation.</summary>
    private const double PressureWeight = 1.5;

    private const int Base = 100_000;
    private const int PenaltyMax = 50_000;

    private readonly FragmentationStep _step = new(new Fragmentation(context.Mix));
    private readonly ModelPressure _pressure = new(context.Mix);
    private readonly double _cpuPerMilli = context.Mix.CpuPerDevice / Limits.MilliPerDevice;

    public bool WeighsModels => true;

    public void Observe(IReadOnlyList<ModelRoom> rooms) => _pressure.Level(rooms);

    public int Score(in TaskShape task, NodeRoom node, out uint devices)
    {
        var stranded = Stranded(node.FreeMilliTotal - task.DeviceMilli, node.CpuFreeMilli - task.CpuMilli)
            - Stranded(node.FreeMilliTotal, node.CpuFreeMilli);
        return Base + (int)Math.Floor((_step.Best(task, node, out devices) - stranded) / Step);
    }

    public int ModelPenalty(in TaskShape task, string model, IReadOnlyList<string> models)
    {
        if (task.DeviceMilli == 0 || models.Count < 2) return 0;
        var least = double.MaxValue;
        foreach (var other in models) least = Math.Min(least, _pressure[other]);
        return (int)Math.Min(PenaltyMax, PressureWeight * task.DeviceMilli * (_pressure[model] - least) / Step);
    }

    /// <summary>Free device capacity that the free CPU can not feed, in thousandths of a device.</summary>
    private double Stranded(int freeMilli, int cpuFreeMilli) =>
        _cpuPerMilli > 0 ? Math.Max(0, freeMilli - cpuFreeMilli / _cpuPerMilli) : 0;
}
