using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Queueing;

/// <summary>What each tenant holds of a tier beyond its own, in thousandths of devices; less while a plan is made of
/// who leaves. Nobody is asked who holds no more than its own.</summary>
internal sealed class Debts
{
    private readonly CellState _state;
    private readonly Tier _tier;
    private readonly Dictionary<string, long> _by;

    public Debts(CellState state, Tier tier) : this(state, tier, new(StringComparer.Ordinal))
    {
    }

    private Debts(CellState state, Tier tier, Dictionary<string, long> by) => (_state, _tier, _by) = (state, tier, by);

    public long this[string tenant] => _by.TryGetValue(tenant, out var debt)
        ? debt
        : _by[tenant] = QuotaCheck.BorrowedMilli(_state, tenant, _tier);

    public Debts Copy() => new(_state, _tier, new(_by, StringComparer.Ordinal));

    public bool Allow(IReadOnlyList<AllocationState> parts) => parts.All(p => this[p.Job.Spec.Tenant] > 0);

    /// <summary>Whether a more urgent job may push a job out: not out of what another tenant holds by right, for
    /// priority counts among what a tenant owns, and among what is borrowed.</summary>
    public bool AllowPush(JobState by, JobState holder) => !HasRights(holder, by) || this[holder.Spec.Tenant] > 0;

    /// <summary>Whether what a job holds may be its tenant's by right, for the job of another one.</summary>
    public bool HasRights(JobState holder, JobState other) =>
        holder.Spec.Tenant != other.Spec.Tenant && JobSpecs.LeastMilli(holder.Spec) > 0
        && _state.Policy.Queue.Quotas.Find(holder.Spec.Tenant, _tier.Name) is not null;

    public void Pay(IEnumerable<AllocationState> parts, int sign = 1)
    {
        foreach (var part in parts) _by[part.Job.Spec.Tenant] = this[part.Job.Spec.Tenant] - sign * part.DeviceMilli;
    }

    public void Pay(Shrink shrink, int sign = 1) =>
        _by[shrink.Gang.Spec.Tenant] =
            this[shrink.Gang.Spec.Tenant] - sign * shrink.Given * (long)Limits.MilliPerDevice;

    /// <summary>The size to which a gang may be asked to shrink: its tenant keeps its own, or loses less than a device
    /// of it where devices do not divide as quotas do.</summary>
    public int FloorOf(JobState gang)
    {
        var borrowed = (this[gang.Spec.Tenant] + Limits.MilliPerDevice - 1) / Limits.MilliPerDevice;
        return Math.Max(gang.Spec.LeastDevices, Shrinking.RanksOf(gang) - (int)Math.Max(0, borrowed));
    }
}
