using Stockpile.Core.Fleets;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Traces;

namespace Stockpile.Formats.Sources;

/// <summary>A fleet from a fleet file, or from a trace's node list where the source says <c>openb:FILE</c>.</summary>
public static class FleetSource
{
    public static FleetSpec Read(string source, Catalog catalog, int cells = OpenbTrace.CellsDefault) =>
        OpenbTrace.TryPath(source, out var path)
            ? OpenbTrace.ReadNodes(path, cells, catalog)
            : FleetFile.Read(source, catalog);

    /// <summary>The section <c>supply</c> of a fleet file, not read yet; null: it has none, or is a trace.</summary>
    internal static ConfigSection? SupplyOf(string path) => OpenbTrace.TryPath(path, out _)
        ? null
        : ConfigDocument.Read(path).GetSection("fleet").GetOptionalSection("supply");
}
