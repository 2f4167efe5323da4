using Stockpile.Core.Fleets;
using Stockpile.Core.Scoring;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Policies;

/// <summary>Reads section <c>placement</c> of <c>policy.conf</c>.</summary>
internal static class PlacementReader
{
    public static PlacementPolicy Read(ConfigSection? section)
    {
        var standard = new PlacementPolicy();
        if (section is null) return standard;
        var scoring = section.GetText("policy", standard.Scoring);
        if (!ScoringPolicies.Exists(scoring))
            throw section.Error("policy", $"'{InputException.Show(scoring)}' is not a scoring policy" +
                $"{Suggestion.Hint(scoring, ScoringPolicies.Names)}; {string.Join(", ", ScoringPolicies.Names)}");
        var placement = standard with
        {
            Scoring = scoring,
            ModelsCompete = section.GetBool("models-compete", standard.ModelsCompete),
            MigrationBudget = section.Has("migration-budget")
                ? section.GetDouble("migration-budget", 0, 1)
                : standard.MigrationBudget,
            MigrationInterval = section.GetDuration("migration-interval", standard.MigrationInterval),
        };
        section.Done();
        return placement;
    }
}
