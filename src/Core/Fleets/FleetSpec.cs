namespace Stockpile.Core.Fleets;

/// <summary>One machine with identical devices, as a fleet file describes it and as the node advertises it.</summary>
/// <param name="Id">Unique in the fleet; see <see cref="Names.IsName"/>.</param>
/// <param name="Cell">The cell whose fabric it is on.</param>
/// <param name="Model">Accelerator type.</param>
/// <param name="Devices">Number of devices, 1..<see cref="Limits.DevicesPerNodeMax"/>.</param>
/// <param name="CpuMilli">CPU in thousandths of a core.</param>
/// <param name="MemoryMiB">Host memory in MiB.</param>
/// <param name="Labels">Free-form labels, such as <c>rack</c> or <c>pod</c>.</param>
public sealed record NodeSpec(
    string Id,
    string Cell,
    string Model,
    int Devices,
    int CpuMilli,
    long MemoryMiB,
    IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>The tier of a chip that is not what the catalogue says, binned or throttled; empty: the catalogue's.
    /// </summary>
    public string Tier { get; init; } = "";

    /// <summary>What its chips are called: the model, or that variant of it; see <see cref="Catalog"/>.</summary>
    public string Chip => Tier.Length == 0 ? Model : Model + Catalog.VariantMark + Tier;
}

/// <summary>A fleet: the nodes of every cell.</summary>
public sealed record FleetSpec(string Name, IReadOnlyList<NodeSpec> Nodes)
{
    public IEnumerable<string> Cells => Nodes.Select(n => n.Cell).Distinct(StringComparer.Ordinal);
}
