using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Policies;

/// <summary>Reads <c>hocon/policy.conf</c>: where jobs of each kind go.</summary>
public static class PolicyFile
{
    public static Policy Read(string path, Catalog catalog) => From(ConfigDocument.Read(path), catalog);

    public static Policy ParseText(string text, Catalog catalog, string file = "policy.conf") =>
        From(ConfigDocument.Parse(file, text), catalog);

    private static Policy From(ConfigSection root, Catalog catalog)
    {
        var section = root.GetSection("policy");
        root.Done();
        var policy = new Policy(
            section.GetName("name"),
            Kind(section.GetSection("training"), catalog),
            Kind(section.GetSection("inference"), catalog),
            Kind(section.GetSection("batch"), catalog))
        {
            Objective = ObjectiveOf(section),
            Placement = PlacementReader.Read(section.GetOptionalSection("placement")),
            Backfill = BackfillReader.Read(section),
            Queue = QueueReader.Read(section, catalog),
            Guests = GuestsReader.Read(section.GetOptionalSection("guests")),
            Nodes = NodesReader.Read(section.GetOptionalSection("nodes")),
            Gangs = GangsReader.Read(section.GetOptionalSection("gangs")),
        };
        section.Done();
        return policy;
    }

    private static string ObjectiveOf(ConfigSection section)
    {
        var name = section.GetText("objective", Objective.Default);
        if (!Objective.Names.Contains(name))
            throw section.Error("objective", $"'{InputException.Show(name)}' is not an objective" +
                $"{Suggestion.Hint(name, Objective.Names)}; {string.Join(", ", Objective.Names)}");
        return name;
    }

    private static KindPolicy Kind(ConfigSection kind, Catalog catalog)
    {
        var tiers = Tiers(kind, "tiers", catalog);
        if (tiers.Count == 0) throw kind.Error("tiers", $"is missing; {catalog.TierNames}");
        var guests = Tiers(kind, "guest-tiers", catalog);
        foreach (var tier in guests)
            if (tiers.Contains(tier))
                throw kind.Error("guest-tiers", $"'{tier}' is a home tier of this kind, so it has no guests there");
        kind.Done();
        return new KindPolicy(tiers, guests);
    }

    private static IReadOnlyList<string> Tiers(ConfigSection kind, string key, Catalog catalog)
    {
        var tiers = kind.GetTexts(key, Limits.AlternativesMax);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tier in tiers)
        {
            if (catalog.FindTier(tier) is null)
            {
                throw kind.Error(key, $"'{InputException.Show(tier)}' is not a known tier" +
                    $"{Suggestion.Hint(tier, catalog.Tiers.Select(t => t.Name))}; {catalog.TierNames}");
            }
            if (!seen.Add(tier)) throw kind.Error(key, $"'{tier}' stands twice");
        }
        return tiers;
    }
}
