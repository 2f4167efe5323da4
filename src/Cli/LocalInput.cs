using System.CommandLine;
using System.Globalization;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Policies;
using Stockpile.Formats.Sources;
using Stockpile.Hosting.Access;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;
using Stockpile.Hosting.Postgres;

namespace Stockpile.Cli;

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
        catch (Exception fault) when (IsForUsers(fault))
        {
            throw new CliException(ExitCodes.Refused, fault.Message);
        }
    }

    public static async Task OrRefuseAsync(Func<Task> work) => await OrRefuseAsync(async () =>
    {
        await work();
        return true;
    });

    public static async Task<T> OrRefuseAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception fault) when (IsForUsers(fault))
        {
            throw new CliException(ExitCodes.Refused, fault.Message);
        }
    }

    private static bool IsForUsers(Exception fault) =>
        fault is InputException or DataFolderException or PostgresStoreException or SecretFolderException;

    public static Option<string?> FleetOption() => new("--fleet")
    {
        Description = "Fleet file, or openb:NODES.csv for a trace's node list (default: the Hunyuan fleet)",
    };

    public static Option<ulong> SeedOption(string description) => new("--seed")
    {
        Description = description,
        DefaultValueFactory = _ => 1,
    };

    public static Option<double> SpeedOption(double speed) =>
        NumberOption("--speed", "Simulated seconds per real second", speed, 0.001, 10_000_000);

    /// <summary>A number within bounds; what is not one is wrong usage, with the bounds in the message.</summary>
    public static Option<double> NumberOption(string name, string description, double value, double min, double max) =>
        new(name)
        {
            Description = description,
            DefaultValueFactory = _ => value,
            CustomParser = result =>
            {
                var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
                if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                    && number >= min && number <= max) return number;
                result.AddError($"{name}: '{Names.Shorten(text)}' is not a number of {min} to {max}");
                return value;
            },
        };
}
