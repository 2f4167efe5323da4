using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.Placement;

/// <summary>How long work takes on a model, from the catalogue's throughput.</summary>
public static class RunTimes
{
    /// <summary>
    /// Run time of the whole work of an allocation, in whole milliseconds and at least one; zero for a service.
    /// Work is counted in hours of one reference device (H800), so a gang of n devices of relative speed s needs
    /// work ÷ (n × s) hours. A share counts as its thousandths. Link bandwidth is not in it yet.
    /// </summary>
    /// <param name="devices">Devices of the whole gang, or of the task.</param>
    public static TimeSpan Of(JobSpec spec, Catalog catalog, string model, int devices)
    {
        if (spec.Kind == JobKind.Inference) return TimeSpan.Zero;
        if (spec.Duration > TimeSpan.Zero) return spec.Duration;
        var power = spec.ShareMilli > 0 ? spec.ShareMilli / 1000.0 : Math.Max(1, devices);
        var hours = spec.WorkHours / (power * catalog.RelativeSpeed(model));
        var ms = Math.Ceiling(hours * 3_600_000);
        return TimeSpan.FromMilliseconds(Math.Clamp(ms, 1, TimeSpan.FromDays(Limits.RunDaysMax).TotalMilliseconds));
    }
}
