using Stockpile.Cli.Client;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Reserve;

namespace Stockpile.Cli.Forecasting;

/// <summary>What <c>forecast</c> is asked.</summary>
/// <param name="Fleet">A file, <c>openb:FILE</c>, or null for the fleet that came with the program.</param>
/// <param name="Scenario">Null: the one that came with the program.</param>
/// <param name="Live">The cluster to start from; null: from the fleet file.</param>
/// <param name="Years">Null: as the scenario says.</param>
internal sealed record ForecastOptions(
    string? Fleet,
    string? Scenario,
    ServerAccess? Live,
    IReadOnlyList<string> Policies,
    int Runs,
    ulong Seed,
    int Threads,
    double? Years,
    bool Sensitivity,
    WhatIf WhatIf,
    string? Plot,
    string? Report,
    bool Json);

/// <summary>Changes to the scenario from the command line.</summary>
internal sealed record WhatIf(
    IReadOnlyList<(DateTimeOffset Date, string Model)> Bans,
    IReadOnlyList<(string Model, int Devices, DateTimeOffset Date)> Purchases,
    double? GenerationGrowth)
{
    private const string FromCommandLine = "The command line";

    public bool Any => Bans.Count > 0 || Purchases.Count > 0 || GenerationGrowth is not null;

    /// <summary>The changes in words, for reports.</summary>
    public IReadOnlyList<string> InWords =>
    [
        .. Bans.Select(b => $"no {b.Model} from {b.Date:yyyy-MM-dd}"),
        .. Purchases.Select(p => $"{p.Devices} more {p.Model} on {p.Date:yyyy-MM-dd}"),
        .. GenerationGrowth is { } growth
            ? [FormattableString.Invariant($"each generation takes {growth} times the work of the one before")]
            : Array.Empty<string>(),
    ];

    /// <summary>The scenario with the changes.</summary>
    /// <param name="cellOf">The cell that a lot of a model joins.</param>
    public ReserveScenario On(ReserveScenario scenario, Func<string, string> cellOf)
    {
        var supply = scenario.Supply with
        {
            Bans = [.. scenario.Supply.Bans, .. Bans.Select(b => new Ban(b.Date, b.Model, FromCommandLine))],
            Purchases =
            [
                .. scenario.Supply.Purchases,
                .. Purchases.Select(p => new Purchase(
                    p.Date, p.Model, p.Devices, cellOf(p.Model), PerNode(p.Devices), FromCommandLine)),
            ],
        };
        var assumptions = new Dictionary<string, Assumption>(scenario.Assumptions, StringComparer.Ordinal);
        if (GenerationGrowth is { } growth)
            assumptions[AssumptionNames.GenerationGrowth] = new Assumption(
                AssumptionNames.GenerationGrowth, growth, growth, growth, FromCommandLine);
        return scenario with { Supply = supply, Assumptions = assumptions };
    }

    /// <summary>Devices of a node: eight, or fewer where the lot is no multiple of them.</summary>
    private static int PerNode(int devices)
    {
        var perNode = 8;
        while (devices % perNode != 0) perNode--;
        return perNode;
    }
}
