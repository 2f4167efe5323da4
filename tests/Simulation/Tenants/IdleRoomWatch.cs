using System.Numerics;
using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;
using Stockpile.Tests.Shared;

namespace Stockpile.Simulation.Tests.Tenants;

/// <summary>
/// Device-hours that nobody uses on nodes that are up, while a job waits that would fit there and its quota allows it.
/// Some of them are kept for a large gang, so they are counted and bounded, and not forbidden.
/// </summary>
internal sealed class IdleRoomWatch(SteadyLoad load)
{
    private DateTimeOffset _last = SteadyLoad.Start;
    private double _wantedNow;
    private double _devicesNow;

    /// <summary>Device-hours, of nodes that are up.</summary>
    public double Hours { get; private set; }

    /// <summary>Of them, those that were idle though wanted.</summary>
    public double WantedHours { get; private set; }

    /// <summary>Who waited beside them last.</summary>
    public string Example { get; private set; } = "";

    /// <param name="waiting">One job of each class and tenant that waits.</param>
    public void Look(IReadOnlyList<JobState> waiting)
    {
        var hours = (load.Now - _last).TotalHours;
        Hours += _devicesNow * hours;
        WantedHours += _wantedNow * hours;
        _last = load.Now;
        // A node that is drained, or rests, takes no work for a reason.
        var free = load.NodesUp
            .Where(n => load.State.FindNode(n.Node) is null or { Draining: false, Health.Rests: false })
            .ToDictionary(n => n.Node, n => (n.Model, Milli: Whole(n.Devices)), StringComparer.Ordinal);
        _devicesNow = free.Values.Sum(n => n.Milli.Length);
        foreach (var work in load.Work)
            if (free.TryGetValue(work.Node, out var node))
                for (var mask = work.DeviceMask; mask != 0; mask &= mask - 1)
                    node.Milli[BitOperations.TrailingZeroCount(mask)] -=
                        work.ShareMilli > 0 ? work.ShareMilli : Limits.MilliPerDevice;
        _wantedNow = 0;
        foreach (var nodes in free.Values.GroupBy(n => n.Model, n => n.Milli, StringComparer.Ordinal))
            _wantedNow += Wanted(waiting, nodes.Key, [.. nodes]);
    }

    /// <summary>The most devices of a model that one waiting job would take now.</summary>
    private double Wanted(IReadOnlyList<JobState> waiting, string model, List<int[]> nodes)
    {
        var best = 0.0;
        foreach (var job in waiting)
            foreach (var alternative in job.Class.Alternatives)
            {
                if (alternative.Model != model) continue;
                var least = JobSpecs.LeastMilli(job.Spec);
                if (!alternative.Guest
                    && QuotaCheck.HeadroomMilli(load.State, job.Spec.Tenant, alternative.Tier) < least) continue;
                var devices = least / (double)Limits.MilliPerDevice;
                if (devices <= best || !Fits(job.Spec, nodes)) continue;
                best = devices;
                Example = $"job {job.Number} of {job.Spec.Tenant}, {job.Spec.Kind} of {devices}, on {model}, "
                    + $"since {job.WaitingSince:O}, {job.LastTry?.Words}";
            }

        return best;
    }

    private static bool Fits(JobSpec spec, List<int[]> nodes) => spec switch
    {
        { Kind: JobKind.Training } => nodes.Sum(Whole) >= spec.LeastDevices,
        { ShareMilli: > 0 } => nodes.Exists(n => n.Any(milli => milli >= spec.ShareMilli)),
        _ => nodes.Exists(n => Whole(n) >= spec.Devices),
    };

    private static int[] Whole(int devices) => [.. Enumerable.Repeat(Limits.MilliPerDevice, devices)];

    private static int Whole(int[] node) => node.Count(milli => milli == Limits.MilliPerDevice);
}
