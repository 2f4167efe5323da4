using Stockpile.Core.Fleets;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Formats.Reserve;
using Stockpile.Lab.Reserve;

namespace Stockpile.Lab.Tests.Reserve;

/// <summary>Small worlds for forecasts, and the shipped one.</summary>
internal static class World
{
    public static string Hocon { get; } = Above("hocon");

    public static Catalog Catalog { get; } = CatalogFile.Read(Path.Combine(Hocon, "accelerators.conf"));

    public static Policy Policy { get; } = PolicyFile.Read(Path.Combine(Hocon, "policy.conf"), Catalog);

    public static IEnumerable<Policy> Policies =>
        new[] { "policy.conf", "policies/any-chip.conf", "policies/train-anywhere.conf", "policies/reserve-all.conf" }
            .Select(f => PolicyFile.Read(Path.Combine(Hocon, f), Catalog));

    public static FleetSpec Hunyuan { get; } = FleetFile.Read(Path.Combine(Hocon, "fleets/hunyuan.conf"), Catalog);

    public static ReserveInput HunyuanYears { get; } = ReserveFile.Read(
        Path.Combine(Hocon, "scenarios/hunyuan.conf"), Catalog, Policy);

    /// <summary>A fleet of nodes of eight devices: cell, model, nodes.</summary>
    public static FleetSpec Fleet(params (string Cell, string Model, int Nodes)[] groups) => new("test",
    [
        .. groups.SelectMany(g => Enumerable.Range(0, g.Nodes).Select(i => new NodeSpec(
            $"{g.Cell}-{g.Model}-{i}", g.Cell, g.Model, 8, 1_000_000, 1_000_000,
            new Dictionary<string, string>()))),
    ]);

    public static ReserveInput Read(string text) => ReserveFile.ParseText("reserve { name = test\n" + text + "\n}",
        Catalog, Policy);

    public static ReserveResult Run(ReserveInput input, FleetSpec fleet, Policy? policy = null, int run = 0) =>
        ReserveRun.Of(ReserveModel.Of(input, policy ?? Policy, fleet), seed: 7, run);

    private static string Above(string child)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Directory.Exists(Path.Combine(folder.FullName, child)) && File.Exists(
                Path.Combine(folder.FullName, "Stockpile.slnx"))) return Path.Combine(folder.FullName, child);
        throw new InvalidOperationException("no repository");
    }
}
