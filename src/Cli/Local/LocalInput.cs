using System.CommandLine;
using Stockpile.Core.Fleets;
using Stockpile.Formats;
using Stockpile.Hosting;

namespace Stockpile.Cli.Local;

/// <summary>The files that a local cluster starts from; a fault in one of them ends the verb with one line.</summary>
internal sealed record LocalInput(Catalog Catalog, Policy Policy, FleetSpec Fleet)
{
    /// <param name="fleet">A file, <c>openb:FILE</c>, or null for the fleet that came with the program.</param>
    public static LocalInput Read(string? fleet) => OrRefuse(() =>
    {
        var catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));
        var policy = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), catalog);
        return new LocalInput(
            catalog, policy, FleetSource.Read(fleet ?? StockpileConfig.PathOf("fleets/hunyuan.conf"), catalog));
    });

    public static T OrRefuse<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InputException fault)
        {
            throw new CliException(ExitCodes.Refused, fault.Message);
        }
        catch (DataFolderException fault)
        {
            throw new CliException(ExitCodes.Refused, fault.Message);
        }
    }

    public static Option<string?> FleetOption() => new("--fleet")
    {
        Description = "Fleet file, or openb:NODES.csv for a trace's node list (default: the Hunyuan fleet)",
    };

    public static Option<ulong> SeedOption(string description) => new("--seed")
    {
        Description = description,
        DefaultValueFactory = _ => 1,
    };

    public static Option<double> SpeedOption(double speed) => new("--speed")
    {
        Description = "Simulated seconds per real second",
        DefaultValueFactory = _ => speed,
        Validators =
        {
            result =>
            {
                if (result.GetValueOrDefault<double>() is not (> 0 and <= 10_000_000))
                    result.AddError("--speed must be above 0 and at most 10000000");
            },
        },
    };
}
