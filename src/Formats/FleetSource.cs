using Stockpile.Core.Fleets;
using Stockpile.Formats.Traces;

namespace Stockpile.Formats;

/// <summary>A fleet from a fleet file, or from a trace's node list where the source says <c>openb:FILE</c>.</summary>
public static class FleetSource
{
    public static FleetSpec Read(string source, Catalog catalog, int cells = OpenbTrace.CellsDefault) =>
        OpenbTrace.TryPath(source, out var path)
            ? OpenbTrace.ReadNodes(path, cells, catalog)
            : FleetFile.Read(source, catalog);
}
