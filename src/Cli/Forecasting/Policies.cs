using Stockpile.Core.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Configuration;

namespace Stockpile.Cli.Forecasting;

/// <summary>Policies by name: those that came with the program, or files.</summary>
internal static class Policies
{
    private const string Combined = "combined";

    /// <summary>The combined scheme first, then the naive ones.</summary>
    public static readonly IReadOnlyList<string> Known = [Combined, "any-chip", "train-anywhere", "reserve-all"];

    public static IReadOnlyList<string> Split(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct()];

    public static IReadOnlyList<Policy> Read(IReadOnlyList<string> names, Catalog catalog)
    {
        if (names.Count == 0)
            throw new CliException(ExitCodes.Usage, $"--policies names none; known are {string.Join(", ", Known)}");
        return [.. names.Select(name => LocalInput.OrRefuse(() => PolicyFile.Read(PathOf(name), catalog)))];
    }

    private static string PathOf(string name)
    {
        if (name == Combined) return StockpileConfig.PathOf("policy.conf");
        if (Known.Contains(name)) return StockpileConfig.PathOf($"policies/{name}.conf");
        if (name.Contains('.', StringComparison.Ordinal) || name.Contains('/', StringComparison.Ordinal)) return name;
        throw new CliException(ExitCodes.Usage,
            $"--policies: '{Core.Names.Shorten(name)}' is unknown; {string.Join(", ", Known)}, or a policy file");
    }
}
