using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Fleets;

/// <summary>Reads <c>supply { … }</c>. Every figure in it says where it comes from.</summary>
internal sealed class SupplyReader(Catalog catalog)
{
    private const int EntriesMax = 10_000;
    private const double RateMax = 10;
    private const double FigureMax = 1e9;

    private Catalog _catalog = catalog;

    /// <summary>The catalogue with the substitutes of the section that was read.</summary>
    public Catalog Catalog => _catalog;

    public Supply Read(ConfigSection section)
    {
        var substitutes = Substitutes(section);
        _catalog = _catalog.With(substitutes);
        var (byDefault, byModel) = Wear(section);
        var supply = new Supply
        {
            Substitutes = substitutes,
            Installed = ByModel(section, "installed", Dates.Get),
            DefaultWear = byDefault,
            Wear = byModel,
            Repair = Repair(section),
            Spares = ByModel(section, "spares", (s, key) => s.GetInt(key, 0, Limits.GangDevicesMax)),
            Purchases = [.. section.GetSections("purchases", EntriesMax).Select(Purchase)],
            Bans = [.. section.GetSections("bans", EntriesMax).Select(s => Dated(s, (d, m, t) => new Ban(d, m, t)))],
            Retirements = [.. section.GetSections("retirements", EntriesMax)
                .Select(s => Dated(s, (d, m, t) => new Retirement(d, m, t)))],
            Power = Power(section),
        };
        section.Done();
        return supply;
    }

    private List<Accelerator> Substitutes(ConfigSection section)
    {
        var substitutes = new List<Accelerator>();
        if (section.GetOptionalSection("substitutes") is not { } models) return substitutes;
        foreach (var name in models.Keys.ToList())
        {
            if (!Names.IsName(name)) throw models.Error(name, $"is not a name; {Names.Rule}");
            if (_catalog.Find(name) is not null)
                throw models.Error(name, "is in the catalogue already; a substitute is a model that is not");
            substitutes.Add(CatalogFile.Model(
                name, models.GetSection(name), [.. _catalog.Tiers.Select(t => t.Name)]));
        }

        return substitutes;
    }

    private (WearRate Default, Dictionary<string, WearRate> ByModel) Wear(ConfigSection section)
    {
        var byModel = new Dictionary<string, WearRate>(StringComparer.Ordinal);
        if (section.GetOptionalSection("wear") is not { } wear) return (WearRate.None, byModel);
        var byDefault = wear.GetOptionalSection("default") is { } given ? Rate(given) : WearRate.None;
        foreach (var model in wear.Keys.Where(k => k != "default").ToList())
            byModel.Add(Known(wear, model, model), Rate(wear.GetSection(model)));
        wear.Done();
        return (byDefault, byModel);
    }

    private static WearRate Rate(ConfigSection section)
    {
        var age = section.GetTexts("age", countMax: 30);
        var factors = new List<double>();
        foreach (var text in age)
        {
            if (!Units.TryNumber(text, out var factor) || factor is < 0 or > 100)
                throw section.Error("age", $"'{InputException.Show(text)}' is not a factor of 0 to 100");
            factors.Add(factor);
        }

        var rate = new WearRate(
            section.GetDouble("failures", 0, RateMax), section.GetDouble("interruptions", 0, 1_000, absent: 0),
            factors.Count > 0 ? factors : [1], Source(section), section.GetBool("assumed", absent: false));
        section.Done();
        return rate;
    }

    private static Repair Repair(ConfigSection section)
    {
        if (section.GetOptionalSection("repair") is not { } repair) return Fleets.Repair.AtOnce;
        var read = new Repair(
            repair.GetDuration("swap"), repair.GetDouble("share", 0, 1), repair.GetDuration("time"),
            repair.GetDuration("replace"), Source(repair));
        repair.Done();
        return read;
    }

    private Purchase Purchase(ConfigSection lot)
    {
        var model = Known(lot, "model", lot.GetText("model"));
        var perNode = lot.GetInt("devices-per-node", 1, Limits.DevicesPerNodeMax, absent: 8);
        var devices = lot.GetInt("devices", 1, Limits.GangDevicesMax);
        if (devices % perNode != 0)
            throw lot.Error("devices", $"{devices} are not whole nodes of {perNode}");
        var purchase = new Purchase(
            Dates.Get(lot, "date"), model, devices, lot.GetName("cell"), perNode, Source(lot));
        lot.Done();
        return purchase;
    }

    private T Dated<T>(ConfigSection section, Func<DateTimeOffset, string, string, T> make)
    {
        var made = make(
            Dates.Get(section, "date"), Known(section, "model", section.GetText("model")), Source(section));
        section.Done();
        return made;
    }

    private PowerCap? Power(ConfigSection section)
    {
        if (section.GetOptionalSection("power") is not { } power) return null;
        var cap = new PowerCap(
            power.GetDouble("cap", 0, FigureMax) * 1e6,
            ByModel(power, "watts", (s, key) => s.GetDouble(key, 0.1, 1e5)), Source(power));
        power.Done();
        return cap;
    }

    private Dictionary<string, T> ByModel<T>(ConfigSection section, string key, Func<ConfigSection, string, T> get)
    {
        var map = new Dictionary<string, T>(StringComparer.Ordinal);
        if (section.GetOptionalSection(key) is not { } inner) return map;
        foreach (var model in inner.Keys.ToList()) map.Add(Known(inner, model, model), get(inner, model));
        return map;
    }

    private string Known(ConfigSection section, string key, string model) => _catalog.Find(model) is not null
        ? model
        : throw section.Error(key, $"'{InputException.Show(model)}' is not a known model"
            + $"{Suggestion.Hint(model, _catalog.Models.Select(m => m.Model))}; {_catalog.ModelNames}");

    private static string Source(ConfigSection section)
    {
        var source = section.GetText("source");
        return source.Length > 0 ? source : throw section.Error("source", "is empty; say where the figures come from");
    }
}
