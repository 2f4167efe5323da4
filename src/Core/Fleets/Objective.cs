using Stockpile.Core.Jobs;

namespace Stockpile.Core.Fleets;

/// <summary>
/// What a cell is after where models differ in speed: which model a job without a wish of its own takes first, and who
/// comes next inside a priority class. One class each, by name in <c>policy.conf</c>, key <c>objective</c>.
/// </summary>
public interface IObjective
{
    string Name { get; }

    /// <summary>The models in the order in which they are tried. All of them, home and guest models apart.</summary>
    IEnumerable<Alternative> Order(
        JobSpec spec, IReadOnlyList<Alternative> alternatives, Catalog catalog, Policy policy);

    /// <summary>A job's place inside its priority class, the least first; null: by its tenant's share.</summary>
    /// <param name="waited">Since it was submitted.</param>
    double? Rank(JobSpec spec, IReadOnlyList<Alternative> home, double done, TimeSpan waited, Catalog catalog,
        Policy policy);
}

/// <summary>All objectives by name.</summary>
public static class Objective
{
    public const string Default = "tiers";

    private static readonly IObjective[] All =
        [new TiersObjective(), new GoodputObjective(), new FinishTimeObjective()];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(o => o.Name)];

    /// <exception cref="ArgumentException">No objective has the name.</exception>
    public static IObjective Of(string name) => Array.Find(All, o => o.Name == name)
        ?? throw new ArgumentException($"'{name}' is not an objective; known are {string.Join(", ", Names)}");
}

/// <summary>The order of tiers that the policy names: the best chips for training, the others for serving.</summary>
public sealed class TiersObjective : IObjective
{
    public string Name => Objective.Default;

    public IEnumerable<Alternative> Order(
        JobSpec spec, IReadOnlyList<Alternative> alternatives, Catalog catalog, Policy policy) => alternatives;

    public double? Rank(JobSpec spec, IReadOnlyList<Alternative> home, double done, TimeSpan waited, Catalog catalog,
        Policy policy) => null;
}
