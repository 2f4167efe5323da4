using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Jobs;
using Stockpile.Formats.Sources;

namespace Stockpile.Formats.Reserve;

/// <summary>A long-term scenario, and the catalogue with the substitutes it names.</summary>
public sealed record ReserveInput(ReserveScenario Scenario, Catalog Catalog);

/// <summary>
/// Reads a long-term scenario, <c>reserve { … }</c>. A scenario of hours may name one, <c>scenario.reserve</c>, by a
/// path from its own folder; that one is read then.
/// </summary>
public static class ReserveFile
{
    private const int ServicesMax = 64;
    private const double YearsMax = 10;

    /// <summary>Where simulated time begins unless the file says otherwise, as in the demo.</summary>
    private static readonly DateTimeOffset StartDefault = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="fleet">The fleet file, whose <c>supply</c> takes the place of the scenario's; null: none.</param>
    public static ReserveInput Read(string path, Catalog catalog, Policy policy, string? fleet = null)
    {
        var root = ConfigDocument.Read(path);
        if (root.Keys.Contains("scenario"))
        {
            path = ScenarioFile.ReserveOf(root, path) ?? throw new InputException(path, 1, "scenario",
                "names no long-term scenario; write reserve = FILE into it, or give a file with reserve { … }");
            root = ConfigDocument.Read(path);
        }

        return From(root, catalog, policy, fleet is null ? null : FleetSource.SupplyOf(fleet));
    }

    public static ReserveInput ParseText(
        string text, Catalog catalog, Policy policy, string file = "reserve.conf") =>
        From(ConfigDocument.Parse(file, text), catalog, policy, null);

    private static ReserveInput From(ConfigSection root, Catalog catalog, Policy policy, ConfigSection? ofFleet)
    {
        var section = root.GetSection("reserve");
        root.Done();
        var start = section.Has("start") ? Dates.Get(section, "start") : StartDefault;
        var own = section.GetOptionalSection("supply");
        var reader = new SupplyReader(catalog);
        var supply = own is null ? Supply.None : reader.Read(own);
        if (ofFleet is not null)
        {
            reader = new SupplyReader(catalog);
            supply = reader.Read(ofFleet);
        }

        var demand = new DemandReader(reader.Catalog, policy);
        var scenario = new ReserveScenario(
            section.GetName("name"), start,
            TimeSpan.FromDays(365) * section.GetDouble("years", 0.01, YearsMax, absent: 3), supply,
            demand.Generations(section),
            [.. section.GetSections("services", ServicesMax).Select(demand.Service)],
            [.. section.GetSections("streams", ServicesMax).Select(demand.Stream)],
            Assumptions(section));
        if (scenario.Generations.Jobs.Count == 0 && scenario.Services.Count == 0 && scenario.Streams.Count == 0)
            throw section.Error("", "wants nothing of the stock; give generations, services or streams");
        section.Done();
        return new ReserveInput(scenario, reader.Catalog);
    }

    private static Dictionary<string, Assumption> Assumptions(ConfigSection section)
    {
        var read = new Dictionary<string, Assumption>(StringComparer.Ordinal);
        if (section.GetOptionalSection("assumptions") is not { } all) return read;
        foreach (var name in all.Keys.ToList())
        {
            if (!AssumptionNames.Neutral.ContainsKey(name))
                throw all.Error(name, $"is not an assumption{Suggestion.Hint(name, AssumptionNames.Neutral.Keys)}; "
                    + string.Join(", ", AssumptionNames.Neutral.Keys));
            read.Add(name, Assumption(name, all.GetSection(name)));
        }

        return read;
    }

    private static Assumption Assumption(string name, ConfigSection section)
    {
        var (min, max) = name == AssumptionNames.DeliveryDelay ? (0.0, 3_650.0) : (0.01, 100.0);
        var value = section.GetDouble("value", min, max);
        var low = section.GetDouble("low", min, max, absent: value);
        var high = section.GetDouble("high", min, max, absent: value);
        if (low > value) throw section.Error("low", "is above value; low, value, high go up");
        if (high < value) throw section.Error("high", "is below value; low, value, high go up");
        var source = section.GetText("source");
        if (source.Length == 0) throw section.Error("source", "is empty; say where the bounds come from");
        section.Done();
        return new Assumption(name, low, value, high, source);
    }
}
