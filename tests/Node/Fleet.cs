using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Node.Tests;

/// <summary>Nodes and models for the tests.</summary>
internal static class Fleet
{
    public static Catalog Catalog { get; } =
        new(["frontier", "basic"], [Model("H100", "frontier"), Model("T4", "basic")]);

    public static NodeSpec Node(string id, string cell = "north", string model = "H100", int devices = 8) =>
        new(id, cell, model, devices, 64_000, 512_000, JobSpec.NoLabels);

    private static Accelerator Model(string name, string tier) =>
        new(name, tier, 81_920, 989, 989, 3_350, 900, "made up", Assumed: true);
}
