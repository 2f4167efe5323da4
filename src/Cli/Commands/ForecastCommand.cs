using System.CommandLine;
using System.Globalization;
using Stockpile.Cli.Client;
using Stockpile.Cli.Forecasting;
using Stockpile.Core;
using Stockpile.Formats.Hocon;

namespace Stockpile.Cli.Commands;

/// <summary>How many more model generations the stock trains.</summary>
internal static class ForecastCommand
{
    private const int RunsMax = 100_000;
    private const int ThreadsMax = 256;

    public static Command Create(CliContext context)
    {
        var fleet = LocalInput.FleetOption();
        var scenario = new Option<string?>("--scenario")
        {
            Description = "Scenario file with reserve { … }, or one that names it (default: the Hunyuan scenario)",
        };
        var live = new Option<bool>("--live")
        {
            Description = "Start from the nodes and the training of a running cluster instead of a fleet file",
        };
        var server = new ServerOptions();
        var policies = new Option<string>("--policies")
        {
            Description = $"Policies side by side, the first is the answer: {string.Join(", ", Policies.Known)}, or "
                + "policy files, separated by commas",
            DefaultValueFactory = _ => string.Join(',', Policies.Known),
        };
        var runs = LocalInput.NumberOption("--runs", "Runs of the first policy", 1_000, 1, RunsMax);
        var threads = LocalInput.NumberOption(
            "--threads", "Most runs at a time; the answer does not depend on it", Environment.ProcessorCount, 1,
            ThreadsMax);
        var seed = LocalInput.SeedOption("Decides faults, arrivals and the values of assumptions");
        var years = new Option<double?>("--years") { Description = "How far to look, in place of the scenario's" };
        years.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is not (null or (>= 0.01 and <= 10)))
                result.AddError("--years must be a number of 0.01 to 10");
        });
        var bare = new Option<bool>("--no-sensitivity")
        {
            Description = "Leave out what binds and the tornado of assumptions; faster",
        };
        var bans = Repeated("--ban", "From a date a model can not be bought: --ban 2026-01 H800", 2);
        var buys = Repeated("--buy", "A lot on a date: --buy 910B:2000@2027-06", 1);
        var growth = new Option<double?>("--generation-growth")
        {
            Description = "Work of a generation against the one before, in place of the assumption",
        };
        growth.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is not (null or (>= 0.1 and <= 100)))
                result.AddError("--generation-growth must be a number of 0.1 to 100");
        });
        bans.Validators.Add(r => CheckAll(() => ReadBans(r.GetValueOrDefault<string[]>() ?? []), r.AddError));
        buys.Validators.Add(r => CheckAll(() => ReadBuys(r.GetValueOrDefault<string[]>() ?? []), r.AddError));
        var plot = new Option<string?>("--plot") { Description = "Write stock and generations to this PNG file" };
        var report = new Option<string?>("--report") { Description = "Write everything to this HTML file, by itself" };
        var json = new Option<bool>("--json") { Description = "Print one JSON document" };
        var command = new Command("forecast", "How many more model generations the stock trains")
        {
            fleet, scenario, live, policies, runs, seed, years, bans, buys, growth, bare, threads, plot,
            report, json,
        };
        server.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(fleet) is { Implicit: false, Tokens.Count: not 1 }) return;
            if (result.GetValue(live) && result.GetValue(fleet) is not null)
                result.AddError("give either --fleet, for a file, or --live, for a running cluster");
        });
        command.SetAction((parsed, cancel) => ForecastVerb.RunAsync(context, new ForecastOptions(
            parsed.GetValue(fleet), parsed.GetValue(scenario),
            parsed.GetValue(live) ? server.Read(parsed, context) : null,
            Policies.Split(parsed.GetValue(policies)!), (int)parsed.GetValue(runs), parsed.GetValue(seed),
            (int)parsed.GetValue(threads), parsed.GetValue(years), !parsed.GetValue(bare),
            new WhatIf(
                ReadBans(parsed.GetValue(bans) ?? []), ReadBuys(parsed.GetValue(buys) ?? []), parsed.GetValue(growth)),
            parsed.GetValue(plot), parsed.GetValue(report), parsed.GetValue(json)), cancel));
        return command;
    }

    private static Option<string[]> Repeated(string name, string description, int words) => new(name)
    {
        Description = $"{description}; may be repeated",
        Arity = new ArgumentArity(words, words * 1_000),
        AllowMultipleArgumentsPerToken = words > 1,
    };

    private static void CheckAll(Action read, Action<string> addError)
    {
        try
        {
            read();
        }
        catch (FormatException fault)
        {
            addError(fault.Message);
        }
    }

    private static List<(DateTimeOffset, string)> ReadBans(string[] words)
    {
        if (words.Length % 2 != 0)
            throw new FormatException("--ban takes a date and a model, such as --ban 2026-01 H800");
        return [.. words.Chunk(2).Select(pair => (DateOf("--ban", pair[0]), pair[1]))];
    }

    private static List<(string, int, DateTimeOffset)> ReadBuys(string[] lots) => [.. lots.Select(lot =>
    {
        const string Rule = "is not MODEL:DEVICES@DATE, such as 910B:2000@2027-06";
        var (colon, at) = (lot.IndexOf(':', StringComparison.Ordinal), lot.IndexOf('@', StringComparison.Ordinal));
        if (colon <= 0 || at < colon) throw new FormatException($"--buy: '{Names.Shorten(lot)}' {Rule}");
        if (!int.TryParse(lot.AsSpan(colon + 1, at - colon - 1), NumberStyles.None, CultureInfo.InvariantCulture,
            out var devices) || devices is < 1 or > Limits.GangDevicesMax)
            throw new FormatException(
                $"--buy: '{Names.Shorten(lot)}' needs a number of devices of 1 to {Limits.GangDevicesMax}");
        return (lot[..colon], devices, DateOf("--buy", lot[(at + 1)..]));
    })];

    private static DateTimeOffset DateOf(string option, string text) => Dates.TryParse(text, out var date)
        ? date
        : throw new FormatException($"{option}: '{Names.Shorten(text)}' is not a date; {Dates.Rule}");
}
