using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Fleets;

/// <summary>Reads <c>hocon/accelerators.conf</c>: the tiers, most capable first, and the models.</summary>
public static class CatalogFile
{
    private const double FigureMax = 1e9;

    public static Catalog Read(string path) => From(ConfigDocument.Read(path));

    public static Catalog ParseText(string text, string file = "accelerators.conf") =>
        From(ConfigDocument.Parse(file, text));

    private static Catalog From(ConfigSection root)
    {
        var tiers = root.GetTexts("tiers", Limits.AlternativesMax);
        if (tiers.Count == 0) throw root.Error("tiers", "is missing; name the tiers, most capable first");
        foreach (var tier in tiers)
            if (!Names.IsName(tier))
                throw root.Error("tiers", $"'{InputException.Show(tier)}' is not a name; {Names.Rule}");
        if (tiers.Distinct(StringComparer.Ordinal).Count() != tiers.Count)
            throw root.Error("tiers", "names a tier twice");

        var models = root.GetSection("models");
        var accelerators = new List<Accelerator>();
        foreach (var name in models.Keys)
        {
            if (!Names.IsName(name)) throw models.Error(name, $"is not a name; {Names.Rule}");
            accelerators.Add(Model(name, models.GetSection(name), tiers));
        }
        if (accelerators.Count == 0) throw root.Error("models", "is empty");
        root.Done();
        return new Catalog(tiers, accelerators);
    }

    internal static Accelerator Model(string name, ConfigSection model, IReadOnlyList<string> tiers)
    {
        var tier = model.GetText("tier");
        if (!tiers.Contains(tier))
        {
            throw model.Error("tier", $"'{InputException.Show(tier)}' is not a known tier" +
                $"{Suggestion.Hint(tier, tiers)}; {string.Join(", ", tiers)}");
        }
        var accelerator = new Accelerator(
            name,
            tier,
            (int)model.GetSizeMiB("memory", int.MaxValue),
            model.GetOptionalDouble("bf16", 0.001, FigureMax),
            model.GetDouble("fp16", 0.001, FigureMax),
            model.GetDouble("memory-bandwidth", 0.001, FigureMax),
            model.GetDouble("link-bandwidth", 0.001, FigureMax),
            model.GetText("source"),
            model.GetBool("assumed", absent: false));
        if (accelerator.Source.Length == 0) throw model.Error("source", "is empty; say where the figures come from");
        model.Done();
        return accelerator;
    }
}
