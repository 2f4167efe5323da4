using Stockpile.Core.Jobs;

namespace Stockpile.Core.Fleets;

/// <summary>Where jobs of one kind go: their own tiers, then those on which they are guests.</summary>
/// <param name="Tiers">Home tiers, in order of preference.</param>
/// <param name="GuestTiers">Better tiers on which idle devices may be lent, in order of preference.</param>
public sealed record KindPolicy(IReadOnlyList<string> Tiers, IReadOnlyList<string> GuestTiers);

/// <summary>The placement policy of <c>hocon/policy.conf</c>. Immutable.</summary>
public sealed record Policy(string Name, KindPolicy Training, KindPolicy Inference, KindPolicy Batch)
{
    /// <summary>A name of <see cref="Objective"/>.</summary>
    public string Objective { get; init; } = Fleets.Objective.Default;

    /// <summary>How single tasks find their node.</summary>
    public PlacementPolicy Placement { get; init; } = new();

    /// <summary>Reservations, and what may be placed in spite of them.</summary>
    public BackfillPolicy Backfill { get; init; } = BackfillPolicy.Off;

    /// <summary>Who comes next, who may hold how much, and who must leave.</summary>
    public QueuePolicy Queue { get; init; } = new();

    public GuestPolicy Guests { get; init; } = GuestPolicy.Default;

    public NodePolicy Nodes { get; init; } = NodePolicy.Default;

    public GangPolicy Gangs { get; init; } = GangPolicy.Default;

    public KindPolicy For(JobKind kind) => kind switch
    {
        JobKind.Training => Training,
        JobKind.Inference => Inference,
        _ => Batch,
    };
}
