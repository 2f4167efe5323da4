using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Tests.Shared;

/// <summary>Whoever owns a part of a tier and has work for it gets it back from borrowers within a time.</summary>
/// <param name="quotas">What each tenant has a right to; the cell may have been told something else.</param>
public sealed class RightsWatch(SteadyLoad load, QuotaPolicy quotas, IReadOnlyList<string> tenants)
{
    /// <summary>How long an owner may have to wait: until a borrower that was placed just now has had its minimum run
    /// time, twice over, and a gang that found no room is tried again.</summary>
    public static readonly TimeSpan Within = TimeSpan.FromHours(1.25);

    private readonly Dictionary<(string Tenant, string Model), DateTimeOffset> _owed = [];

    /// <summary>The longest that anybody was owed what is its own.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>Null, or who has been owed something for too long.</summary>
    public string? Look()
    {
        string? found = null;
        var models = load.State.Nodes.Where(n => n.Ready).Select(n => n.Accelerator.Model).Distinct().ToList();
        foreach (var tenant in tenants)
            foreach (var model in models)
            {
                var job = Owed(tenant, model);
                if (job is null)
                {
                    _owed.Remove((tenant, model));
                    continue;
                }

                _owed.TryAdd((tenant, model), load.Now);
                var since = load.Now - _owed[(tenant, model)];
                if (since > Longest) Longest = since;
                if (since > Within) found ??= $"{tenant} is owed {model} for {since}: job {job.Number}, {job.Spec}";
            }

        return found;
    }

    /// <summary>A waiting job has a right to its next step there, others have borrowed as much, and where they hold it
    /// there would be room for it: what an owner holds of a device is in nobody's way but its own.</summary>
    private JobState? Owed(string tenant, string model)
    {
        var state = load.State;
        var tier = state.Catalog.FindTier(state.Catalog.Find(model)!.Tier)!;
        if (quotas.Find(tenant, tier.Name) is null) return null;
        var borrowers = state.Tenants.Tenants.Keys.Where(other => other != tenant)
            .ToDictionary(other => other, other => Math.Max(0, -Left(other, tier)));
        var borrowed = borrowers.Values.Sum();
        var waiting = state.Jobs.Values.Where(job => job.Spec.Tenant == tenant && job.Waits && !job.Held
            && job.Class.Home.Any(a => a.Model == model)
            && JobSpecs.LeastMilli(job.Spec) is > 0 and var least
            && least <= Left(tenant, tier) && least + Limits.MilliPerDevice <= borrowed).ToList();
        // A gang gives way to a more urgent one of its own tenant.
        waiting.RemoveAll(job => job.Spec.Kind == JobKind.Training && state.Jobs.Values.Any(other =>
            other.Waits && other.Spec.Tenant == tenant && other.Spec.Kind == JobKind.Training
            && other.Spec.Priority > job.Spec.Priority));
        if (waiting.Count == 0) return null;
        // Thousandths of each device, by node, that are free or that borrowers and guests hold.
        var takeable = state.Nodes.Where(n => n.Ready && n.Accelerator.Model == model).Select(node =>
            Enumerable.Range(0, node.Devices).Select(device =>
                node.FreeMilli(device) + node.Allocations.Select(s => state.FindAllocation(s)!)
                    .Where(a => (a.DeviceMask >> device & 1) == 1
                        && (a.Guest || borrowers.GetValueOrDefault(a.Job.Spec.Tenant) > 0))
                    .Sum(a => a.ShareMilli > 0 ? a.ShareMilli : Limits.MilliPerDevice)).ToList()).ToList();
        return waiting.Find(job => job.Spec switch
        {
            { Kind: JobKind.Training } gang =>
                takeable.Sum(node => node.Count(d => d >= Limits.MilliPerDevice)) >= gang.LeastDevices,
            { ShareMilli: > 0 } share => takeable.Exists(node => node.Exists(d => d >= share.ShareMilli)),
            var task => takeable.Exists(node => node.Count(d => d >= Limits.MilliPerDevice) >= task.Devices),
        });
    }

    /// <summary>Thousandths of devices that a tenant may still take by right; below zero: what it has borrowed.
    /// </summary>
    private long Left(string tenant, Tier tier) =>
        load.State.Tenants.CapacityMilli(tier) * quotas.Find(tenant, tier.Name)!.NominalPercent / 100
            - load.State.Tenants.UseMilli(tenant, tier);
}
