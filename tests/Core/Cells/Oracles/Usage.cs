using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>Device-hours, added up a second time from what each round left to the next.</summary>
public sealed class Usage
{
    private readonly Dictionary<string, double[]> _tiers = [];
    private CellImage? _before;

    /// <summary>Every hour that was used was there, and guests are a part of inference and batch.</summary>
    public static IEnumerable<string> Complaints(CellImage image)
    {
        // The sums are of products of doubles; a thousandth of a device-millisecond is no device.
        const double rounding = 1e-3;
        foreach (var use in image.Use)
        {
            var used = use.TrainingMs + use.InferenceMs + use.BatchMs;
            if (used > use.DeviceMs * (1 + 1e-12) + rounding)
                yield return $"{use.Tier}: {used} device-ms used of {use.DeviceMs}";
            if (use.GuestMs > (use.InferenceMs + use.BatchMs) * (1 + 1e-12) + rounding)
                yield return $"{use.Tier}: {use.GuestMs} device-ms of guests";
            if (use.WaitingDeviceMs > use.DeviceMs || use.WaitingTrainingMs > use.TrainingMs
                || use.WaitingTrainingMs > use.WaitingDeviceMs + rounding)
                yield return $"{use.Tier}: more hours while training waited than hours at all";
        }

        if (image.DemandServed > image.Demand * (1 + 1e-12)) yield return "more requests served than were made";
    }

    /// <summary>Adds the time since the last image, and compares.</summary>
    public IEnumerable<string> Follow(CellImage image)
    {
        if (_before is { Round: > 0 }) Add(_before, (image.At - _before.At).TotalMilliseconds);
        _before = image;
        foreach (var use in image.Use)
        {
            double[] told = [use.DeviceMs, use.TrainingMs, use.InferenceMs, use.BatchMs, use.GuestMs];
            var added = Of(use.Tier);
            for (var i = 0; i < told.Length; i++)
                if (Math.Abs(told[i] - added[i]) > 1 + added[i] * 1e-9)
                    yield return $"{use.Tier}: column {i} says {told[i]}, and adds up to {added[i]}";
        }
    }

    private double[] Of(string tier)
    {
        if (!_tiers.TryGetValue(tier, out var sums)) _tiers.Add(tier, sums = new double[5]);
        return sums;
    }

    private void Add(CellImage image, double ms)
    {
        var tiers = image.Nodes.ToDictionary(
            n => n.Admitted.Node, n => Rules.ChipOf(n.Admitted).Tier);
        var kinds = image.Jobs.ToDictionary(j => j.Number, j => j.Spec.Kind);
        foreach (var node in image.Nodes)
            if (!node.Lost) Of(tiers[node.Admitted.Node])[0] += node.Admitted.Devices * ms;
        foreach (var allocation in image.Allocations)
        {
            var devices = Rules.DevicesOf(allocation.Placed).Count() * Rules.MilliOf(allocation.Placed) / 1_000.0;
            var sums = Of(tiers[allocation.Placed.Node]);
            var column = kinds[allocation.Job] switch { JobKind.Training => 1, JobKind.Inference => 2, _ => 3 };
            sums[column] += devices * ms;
            if (allocation.Placed.Guest) sums[4] += devices * ms;
        }
    }
}
