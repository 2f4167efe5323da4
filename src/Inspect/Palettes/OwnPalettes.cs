using Stockpile.Core.Fleets;
using Stockpile.Inspect.Catalogue;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Inspect.Palettes;

/// <summary>The palettes that only Stockpile has.</summary>
public static class OwnPalettes
{
    /// <param name="policy">What jobs are checked against, with the catalogue of <paramref name="options"/>.</param>
    /// <param name="rounds">Where the last rounds of a cell come from.</param>
    public static IReadOnlyList<Palette> Create(
        IStockpileGateway gateway, ApiOptions options, Policy policy, LastRounds rounds) =>
    [
        FleetPalette.Create(gateway, options),
        CellPalette.Create(gateway, options, rounds),
        JobPalette.Create(gateway, options, policy),
        NodePalette.Create(gateway),
    ];
}
