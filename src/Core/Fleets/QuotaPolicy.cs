namespace Stockpile.Core.Fleets;

/// <summary>A tenant's part of one tier, in percent of its devices on nodes that take work, in each cell.</summary>
/// <param name="NominalPercent">What it has a right to, 0..100.</param>
/// <param name="BorrowPercent">What it may hold beyond that while others do not need it, 0..100.</param>
public sealed record TenantQuota(int NominalPercent, int BorrowPercent);

/// <summary>
/// Quotas by tenant and tier, <c>quotas</c> of policy.conf, in the terms of Kueue: nominal quota, borrowing limit,
/// reclaim; the tenants of a tier are one cohort. They are parts and not counts because cells do not coordinate: the
/// same part of every cell is the same part of the fleet.
/// </summary>
public sealed class QuotaPolicy
{
    private static readonly TenantQuota OnlyBorrows = new(0, 100);

    private readonly Dictionary<(string Tenant, string Tier), TenantQuota> _quotas = [];
    private readonly HashSet<string> _tiers = new(StringComparer.Ordinal);

    public static readonly QuotaPolicy None = new([]);

    /// <exception cref="ArgumentException">The nominal quotas of a tier are more than all of it.</exception>
    public QuotaPolicy(IEnumerable<(string Tenant, string Tier, TenantQuota Quota)> quotas)
    {
        foreach (var (tenant, tier, quota) in quotas)
        {
            _quotas.Add((tenant, tier), quota);
            _tiers.Add(tier);
        }

        foreach (var tier in _tiers)
            if (_quotas.Where(q => q.Key.Tier == tier).Sum(q => q.Value.NominalPercent) is > 100 and var sum)
                throw new ArgumentException($"the nominal quotas of {tier} add up to {sum}%; at most 100% are there");
    }

    /// <summary>True when any tier has quotas.</summary>
    public bool Any => _tiers.Count > 0;

    /// <summary>The quota that holds for a tenant; null where the tier has none at all. A tenant that is not named
    /// where others are only borrows.</summary>
    public TenantQuota? Find(string tenant, string tier) =>
        !_tiers.Contains(tier) ? null : _quotas.GetValueOrDefault((tenant, tier), OnlyBorrows);
}
