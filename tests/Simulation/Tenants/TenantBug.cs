using Stockpile.Core.Commands;
using Stockpile.Core.Explain;
using Stockpile.Core.Fleets;
using Stockpile.Simulation.Tests.Cells;

namespace Stockpile.Simulation.Tests.Tenants;

/// <summary>A mistake between the cell and the world, for the test of the test.</summary>
internal class TenantBug
{
    public static readonly TenantBug None = new();

    /// <summary>What the cell makes of its policy.</summary>
    public virtual Policy Read(Policy policy) => policy;

    /// <summary>Whether the cell hears something.</summary>
    public virtual bool Hears(CellCommand command) => true;

    /// <summary>What an answer remembers of the one before.</summary>
    public virtual StartTold? Remembers(StartTold? before) => before;
}

/// <summary>Whoever owns nothing gets nothing, however much is idle.</summary>
internal sealed class NobodyBorrows : TenantBug
{
    public override Policy Read(Policy policy) => policy with
    {
        Queue = policy.Queue with
        {
            Quotas = !policy.Queue.Quotas.Any ? QuotaPolicy.None : new QuotaPolicy(
                from tier in SimCluster.Catalog.Tiers.Select(t => t.Name)
                from tenant in TenantHistory.Names
                select (tenant, tier, policy.Queue.Quotas.Find(tenant, tier)! with { BorrowPercent = 0 })),
        },
    };
}

/// <summary>What a gang writes is not noted, so whoever is sent away begins where it began before.</summary>
internal sealed class CheckpointsUnheard : TenantBug
{
    public override bool Hears(CellCommand command) => command is not RecordCheckpoint;
}

/// <summary>All tenants weigh the same.</summary>
internal sealed class WeightsForgotten : TenantBug
{
    public override Policy Read(Policy policy) => policy with
    {
        Queue = policy.Queue with { Weights = new Dictionary<string, double>() },
    };
}

/// <summary>A node that came back is not taken in again.</summary>
internal sealed class ReturnUnheard : TenantBug
{
    public override bool Hears(CellCommand command) => command is not AdmitNode { Node.Incarnation: > 1 };
}

/// <summary>An answer does not know what was told before it.</summary>
internal sealed class ToldForgotten : TenantBug
{
    public override StartTold? Remembers(StartTold? before) => null;
}

/// <summary>Nobody owns anything.</summary>
internal sealed class QuotasForgotten : TenantBug
{
    public override Policy Read(Policy policy) => policy with
    {
        Queue = policy.Queue with { Quotas = QuotaPolicy.None },
    };
}
