using Stockpile.Core.Jobs;

namespace Stockpile.Core.Fleets;

/// <summary>One model a job may run on, and whether it would be a guest there.</summary>
public sealed record Alternative(Accelerator Accelerator, Tier Tier, bool Guest)
{
    public string Model => Accelerator.Model;

    /// <summary>The model as a list of one, made once: score indexes know lists by reference.</summary>
    public IReadOnlyList<string> Only { get; } = [Accelerator.Model];
}

/// <summary>Turns a job's wishes and the policy into an ordered list of models.</summary>
public static class Alternatives
{
    /// <summary>
    /// The models a job may run on, best first. A job's own tiers or models come in the order it gives, else the
    /// policy's home tiers come first and its guest tiers after them. A model that a job names is followed by its
    /// variants, see <see cref="Catalog"/>. Inside one tier training takes the most capable
    /// model first and everything else the least capable one, so that strong devices stay free for training.
    /// A job is a guest wherever the tier is better than the best home tier of its kind; a job that does not want to
    /// be a guest leaves those out.
    /// </summary>
    public static IReadOnlyList<Alternative> Of(JobSpec spec, Catalog catalog, Policy policy)
    {
        var kind = policy.For(spec.Kind);
        var bestHomeRank = kind.Tiers
            .Select(t => catalog.FindTier(t)?.Rank ?? int.MaxValue)
            .DefaultIfEmpty(0)
            .Min();

        var models = spec.Models.Count > 0
            ? spec.Models.SelectMany(model => OfModel(catalog, model))
            : (spec.Tiers.Count > 0 ? spec.Tiers : kind.Tiers.Concat(kind.GuestTiers))
                .SelectMany(tier => OfTier(spec.Kind, catalog, tier));

        var alternatives = new List<Alternative>();
        foreach (var accelerator in models)
        {
            if (accelerator.MemoryMiB < spec.MinMemoryMiB) continue;
            var tier = catalog.FindTier(accelerator.Tier)!;
            var guest = spec.Kind != JobKind.Training && tier.Rank < bestHomeRank;
            if (guest && !spec.Guest) continue;
            if (alternatives.Exists(a => a.Model == accelerator.Model)) continue;
            alternatives.Add(new Alternative(accelerator, tier, guest));
        }

        // What a job asks for by itself comes before what the fleet is after.
        if (spec.Models.Count > 0 || spec.Tiers.Count > 0) return alternatives;
        return [.. Objective.Of(policy.Objective).Order(spec, alternatives, catalog, policy)];
    }

    private static IEnumerable<Accelerator> OfModel(Catalog catalog, string model) =>
        catalog.Find(model) is { } found ? [found, .. catalog.VariantsOf(found.Model)] : [];

    private static IEnumerable<Accelerator> OfTier(JobKind kind, Catalog catalog, string tier)
    {
        var models = catalog.Models.Where(m => m.Tier == tier);
        return kind == JobKind.Training
            ? models.OrderByDescending(m => m.TrainingTflops).ThenBy(m => m.Model, StringComparer.Ordinal)
            : models.OrderBy(m => m.TrainingTflops).ThenBy(m => m.Model, StringComparer.Ordinal);
    }
}
