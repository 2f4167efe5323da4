using System.Globalization;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Jobs;

namespace Stockpile.Formats.Fleets;

/// <summary>
/// Reads a fleet file: cells of groups of equal nodes. Nodes are named <c>cell-model-0001</c>, the model in lower case
/// or the group's <c>name-prefix</c>, and get a <c>rack</c> label for every <c>rack-size</c> of them.
/// </summary>
public static class FleetFile
{
    private const int GroupsPerCellMax = 256;

    /// <summary>Four nodes of eight devices are about what one rack can power and cool.</summary>
    private const int RackSizeDefault = 4;

    public static FleetSpec Read(string path, Catalog catalog) => From(ConfigDocument.Read(path), catalog);

    public static FleetSpec ParseText(string text, Catalog catalog, string file = "fleet.conf") =>
        From(ConfigDocument.Parse(file, text), catalog);

    private static FleetSpec From(ConfigSection root, Catalog catalog)
    {
        var fleet = root.GetSection("fleet");
        root.Done();
        var name = fleet.GetName("name");
        var cells = fleet.GetSection("cells");
        if (fleet.GetOptionalSection("supply") is { } supply) new SupplyReader(catalog).Read(supply);
        fleet.Done();

        var nodes = new List<NodeSpec>();
        foreach (var cell in cells.Keys)
        {
            if (!Names.IsName(cell)) throw cells.Error(cell, $"is not a name; {Names.Rule}");
            Cell(cell, cells.GetSection(cell), catalog, nodes);
        }
        if (nodes.Count == 0) throw fleet.Error("cells", "is empty; a fleet has at least one node");
        Unique(fleet, nodes);
        return new FleetSpec(name, nodes);
    }

    private static void Cell(string cell, ConfigSection section, Catalog catalog, List<NodeSpec> nodes)
    {
        var groups = section.GetSections("groups", GroupsPerCellMax);
        if (groups.Count == 0) throw section.Error("groups", "is missing or empty");
        section.Done();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var racks = 0;
        var before = nodes.Count;
        foreach (var group in groups)
        {
            racks = Group(cell, group, catalog, numbers, racks, nodes);
            if (nodes.Count - before > Limits.NodesPerCellMax)
                throw group.Error("count", $"takes the cell above {Limits.NodesPerCellMax} nodes; use more cells");
            if (nodes.Count > FormatLimits.FleetNodesMax)
                throw group.Error("count", $"takes the fleet above {FormatLimits.FleetNodesMax} nodes");
        }
    }

    private static int Group(
        string cell,
        ConfigSection group,
        Catalog catalog,
        Dictionary<string, int> numbers,
        int racks,
        List<NodeSpec> nodes)
    {
        var model = group.GetText("model");
        if (catalog.Find(model) is not { } known || known.Model != model || known.IsVariant)
        {
            throw group.Error("model", $"'{InputException.Show(model)}' is not a known model" +
                $"{Suggestion.Hint(model, catalog.Models.Select(m => m.Model))}; {catalog.ModelNames}");
        }
        var tier = group.Has("tier") ? group.GetText("tier") : "";
        if (tier.Length == 0 && group.Has("tier") || tier.Length > 0 && catalog.FindTier(tier) is null)
            throw group.Error("tier", $"'{InputException.Show(tier)}' is not a known tier" +
                $"{Suggestion.Hint(tier, catalog.Tiers.Select(t => t.Name))}; {catalog.TierNames}");
        if (tier == known.Tier) tier = "";
        var count = group.GetInt("count", 1, Limits.NodesPerCellMax);
        var devices = group.GetInt("devices", 1, Limits.DevicesPerNodeMax);
        var cpu = (int)Math.Round(group.GetDouble("cpu", 0.001, Limits.CpuMilliMax / 1000.0) * 1000);
        var memory = group.GetSizeMiB("memory", Limits.MemoryMiBMax);
        var labels = JobReader.Labels(group);
        var prefix = group.Has("name-prefix") ? group.GetName("name-prefix") : model.ToLowerInvariant();
        var rackSize = group.GetInt("rack-size", 0, Limits.NodesPerCellMax, absent: RackSizeDefault);
        group.Done();

        var addsRack = rackSize > 0 && !labels.ContainsKey("rack");
        var number = numbers.GetValueOrDefault(prefix);
        IReadOnlyDictionary<string, string> nodeLabels = labels;
        for (var i = 0; i < count; i++)
        {
            if (addsRack && i % rackSize == 0)
            {
                var rack = string.Create(CultureInfo.InvariantCulture, $"{cell}-r{++racks:D3}");
                nodeLabels = new Dictionary<string, string>(labels, StringComparer.Ordinal) { ["rack"] = rack };
            }
            var id = string.Create(CultureInfo.InvariantCulture, $"{cell}-{prefix}-{++number:D4}");
            if (!Names.IsName(id))
                throw group.Error("name-prefix", $"makes the name '{InputException.Show(id)}'; {Names.Rule}");
            nodes.Add(new NodeSpec(id, cell, model, devices, cpu, memory, nodeLabels) { Tier = tier });
        }
        numbers[prefix] = number;
        return racks;
    }

    private static void Unique(ConfigSection fleet, List<NodeSpec> nodes)
    {
        var seen = new HashSet<string>(nodes.Count, StringComparer.Ordinal);
        foreach (var node in nodes)
            if (!seen.Add(node.Id))
                throw fleet.Error("cells", $"two nodes are named '{InputException.Show(node.Id)}'");
    }
}
