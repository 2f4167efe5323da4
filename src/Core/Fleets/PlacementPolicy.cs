using Stockpile.Core.Scoring;

namespace Stockpile.Core.Fleets;

/// <summary>How single tasks find their node: section <c>placement</c> of <c>policy.conf</c>.</summary>
public sealed record PlacementPolicy
{
    /// <summary>A name of <see cref="ScoringPolicies"/>.</summary>
    public string Scoring { get; init; } = ScoringPolicies.Default;

    /// <summary>False: the first model of the job's preference that has room. True: the models of its home, then those
    /// where it is a guest, compete by score.</summary>
    public bool ModelsCompete { get; init; }

    /// <summary>Most tasks moved to make room for others, as a share of the tasks placed so far; 0: none.</summary>
    public double MigrationBudget { get; init; } = 0.05;

    /// <summary>Time between two moves of one task, and from its start to its first, in simulated time.</summary>
    public TimeSpan MigrationInterval { get; init; } = TimeSpan.FromMinutes(30);
}
