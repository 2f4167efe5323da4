using System.CommandLine;
using System.Globalization;
using Stockpile.Cli.Client;
using Stockpile.Cli.Output;
using Stockpile.Cli.Replay;
using Stockpile.Core.Scoring;

namespace Stockpile.Cli.Commands;

/// <summary>The Lab: a trace against placement policies in virtual time.</summary>
internal static class ReplayCommand
{
    private const int SeedsMax = 10_000;
    private const int CellsMax = 1_000;
    private const string AllPolicies = "all";

    public static Command Create(CliContext context)
    {
        var format = new Option<string>("--format")
        {
            Description = "Format of the trace",
            DefaultValueFactory = _ => "openb",
        };
        format.AcceptOnlyFromAmong("openb");
        var nodes = new Option<string?>("--nodes") { Description = "Node list of the trace (CSV)" };
        var jobs = new Option<string?>("--jobs")
        {
            Description = "Job list of the trace (CSV); with --live a job file, or openb:FILE",
        };
        var fleet = new Option<string?>("--fleet")
        {
            Description = "With --scenario: a fleet file whose racks are dealt to --cells",
        };
        var scenario = new Option<string?>("--scenario")
        {
            Description = "With --fleet: a scenario whose jobs go through the router in virtual time",
        };
        var live = new Option<bool>("--live")
        {
            Description = "From the state of a running cluster: where the jobs would go, and what they would push "
                + "aside; nothing is submitted",
        };
        var server = new ServerOptions();
        var policy = new Option<string>("--policy")
        {
            Description = $"Policies, separated by commas, or {AllPolicies}: "
                + string.Join(", ", ScoringPolicies.Names),
            DefaultValueFactory = _ => ScoringPolicies.Default,
        };
        policy.Validators.Add(result =>
        {
            foreach (var name in Policies(result.GetValueOrDefault<string>() ?? ""))
                if (!ScoringPolicies.Exists(name))
                    result.AddError($"--policy: '{name}' is unknown; allowed: {AllPolicies}, "
                        + string.Join(", ", ScoringPolicies.Names));
        });
        var seeds = new Option<string>("--seeds")
        {
            Description = "Seeds, such as 42..51, 42 or 1,2,7",
            DefaultValueFactory = _ => "42..51",
        };
        seeds.Validators.Add(result =>
        {
            if (!TrySeeds(result.GetValueOrDefault<string>() ?? "", out _))
                result.AddError($"--seeds must be numbers such as 42..51, 42 or 1,2,7, at most {SeedsMax} of them");
        });
        var arrivals = new Option<string>("--arrivals")
        {
            Description = "saturate: one job after the other until the fleet is full; trace: the times of the file",
            DefaultValueFactory = _ => "saturate",
        };
        arrivals.AcceptOnlyFromAmong("saturate", "trace");
        var tune = LocalInput.NumberOption(
            "--tune", "saturate: device demand over capacity at the end; 0: the list as it is", 1.3, 0, 100);
        var moves = LocalInput.NumberOption(
            "--moves", "Most running jobs that policy stockpile may move, in % of those placed; 0: none", 5, 0, 100);
        var compress = LocalInput.NumberOption(
            "--compress", "trace: jobs arrive so many times closer together, and run as long as ever", 1, 1, 1e9);
        var cells = new Option<string>("--cells")
        {
            Description = "Cells that the nodes are dealt to, with the router in front of them: 4 or 1,4,16,64",
            DefaultValueFactory = _ => "1",
        };
        cells.Validators.Add(result =>
        {
            if (!TryCells(result.GetValueOrDefault<string>() ?? "", out _))
                result.AddError($"--cells must be numbers of 1 to {CellsMax} such as 4 or 1,4,16,64");
        });
        var statusEvery = LocalInput.NumberOption(
            "--status-every", "saturate: arrivals, with --fleet: seconds, between two statuses of the cells; "
            + "saturate 0: the router always knows how they are", 0, 0, 100_000);
        var plot = new Option<string?>("--plot")
        {
            Description = "saturate: write allocated % against arrived % to this PNG file",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON document" };
        var command = new Command("replay", "Run a trace against placement policies in virtual time")
        {
            format, nodes, jobs, live, fleet, scenario, policy, seeds, arrivals, tune, moves, compress, cells,
            statusEvery, plot, json,
        };
        server.AddTo(command);
        command.Validators.Add(result =>
        {
            // The value of an option that has none, or two, cannot be asked for; the parser tells that by itself.
            if (new Option[] { nodes, jobs, fleet, scenario, plot, arrivals, cells }.Any(
                o => result.GetResult(o) is { Implicit: false, Tokens.Count: not 1 })) return;
            var ofTrace = result.GetValue(nodes) is not null;
            var ofFleet = result.GetValue(fleet) is not null || result.GetValue(scenario) is not null;
            if ((ofTrace ? 1 : 0) + (ofFleet ? 1 : 0) + (result.GetValue(live) ? 1 : 0) != 1)
                result.AddError("give either --nodes, for a trace, or --live, for a running cluster, or --fleet and "
                    + "--scenario");
            else if (ofFleet && (result.GetValue(fleet) is null || result.GetValue(scenario) is null))
                result.AddError("--fleet and --scenario go together");
            else if (ofFleet == (result.GetValue(jobs) is not null))
                result.AddError(ofFleet ? "--jobs goes with --nodes or --live" : "give --jobs too");
            var saturates = ofTrace && result.GetValue(arrivals) != "trace";
            if (result.GetValue(plot) is not null && result.GetValue(arrivals) == "trace")
                result.AddError("--plot goes with --arrivals saturate");
            if (result.GetResult(cells) is { Implicit: false } && !saturates && !ofFleet)
                result.AddError("--cells goes with --arrivals saturate, or with --fleet");
        });
        command.SetAction((parsed, cancel) =>
        {
            if (parsed.GetValue(live))
                return LiveReplay.RunAsync(context, server.Read(parsed, context),
                    parsed.GetValue(jobs)!, parsed.GetValue(json), cancel);
            _ = TrySeeds(parsed.GetValue(seeds)!, out var numbers);
            _ = TryCells(parsed.GetValue(cells)!, out var dealt);
            var every = parsed.GetValue(statusEvery);
            if (parsed.GetValue(fleet) is { } file)
                return Task.Run(() => ScenarioReplay.Run(context, new ScenarioReplayOptions(
                    file, parsed.GetValue(scenario)!, dealt, numbers[0],
                    every > 0 ? TimeSpan.FromSeconds(every) : null, parsed.GetValue(json)), cancel), cancel);
            var options = new ReplayOptions(
                parsed.GetValue(nodes)!, parsed.GetValue(jobs)!, [.. Policies(parsed.GetValue(policy)!)],
                numbers, parsed.GetValue(tune), parsed.GetValue(moves) / 100, parsed.GetValue(compress), dealt,
                (int)every, parsed.GetValue(plot), parsed.GetValue(json));
            return Task.Run(() => parsed.GetValue(arrivals) == "trace"
                ? TraceReplay.Run(context, options, cancel)
                : SaturateReplay.Run(context, options, cancel), cancel);
        });
        return command;
    }

    /// <summary>Reads <c>4</c> and <c>1,4,16,64</c>.</summary>
    private static bool TryCells(string text, out IReadOnlyList<int> cells)
    {
        var list = new List<int>();
        cells = list;
        foreach (var part in text.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || number is < 1 or > CellsMax || list.Contains(number)) return false;
            list.Add(number);
        }

        return true;
    }

    private static IEnumerable<string> Policies(string text) => text == AllPolicies
        ? ScoringPolicies.Names
        : text.Split(',', StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal);

    /// <summary>Reads <c>42..51</c>, <c>42</c> and <c>1,2,7</c>.</summary>
    internal static bool TrySeeds(string text, out IReadOnlyList<int> seeds)
    {
        var list = new List<int>();
        seeds = list;
        foreach (var part in text.Split(','))
        {
            var ends = part.Split("..");
            if (ends.Length > 2 || !TrySeed(ends[0], out var first) || !TrySeed(ends[^1], out var last)) return false;
            if (last < first || list.Count + (long)last - first >= SeedsMax) return false;
            for (var seed = first; seed <= last; seed++) list.Add(seed);
        }

        return list.Distinct().Count() == list.Count;
    }

    private static bool TrySeed(string text, out int seed) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seed) && seed < int.MaxValue;
}
