using Stockpile.Core.Fleets;
using Stockpile.Inspect.Catalogue;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Inspect.Palettes;

/// <summary>What the palettes of the cluster answer from.</summary>
/// <param name="Policy">What jobs given as a text are checked against, with the catalogue of the options.</param>
/// <param name="Rounds">Where the last rounds of a cell come from.</param>
public sealed record ClusterAccess(
    IStockpileGateway Gateway, ApiOptions Options, Policy Policy, LastRounds Rounds);

/// <summary>The palettes that only Stockpile has.</summary>
public static class OwnPalettes
{
    /// <param name="cluster">
    /// Asked at every call, so that the palettes may be made before there is an actor system.
    /// </param>
    public static IReadOnlyList<Palette> Create(Func<ClusterAccess> cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        return
        [
            FleetPalette.Create(cluster),
            CellPalette.Create(cluster),
            JobPalette.Create(cluster),
            NodePalette.Create(cluster),
        ];
    }

    /// <summary>For a member without a gateway: it knows the commands, and another member carries them out.</summary>
    public static IReadOnlyList<Palette> Elsewhere() =>
        Create(() => throw new CommandRefusedException("only a scheduler member answers this"));
}
