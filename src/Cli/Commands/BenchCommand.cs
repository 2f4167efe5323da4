using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Spectre.Console;
using Stockpile.Cli.Bench;
using Stockpile.Cli.Client;
using Stockpile.Core;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Cli.Commands;

/// <summary><c>stockpile bench</c>: load against a running cluster.</summary>
internal static class BenchCommand
{
    private const long JobsDefault = 10_000;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    public static Command Create(CliContext context)
    {
        var verb = new ClientVerb(context, "bench", "Put load on a running cluster and measure it");
        var jobs = Number<long?>("--jobs", $"Submissions at most; by default {JobsDefault}, with --for no bound",
            text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
                && n is >= 1 and <= LoadPlan.JobsMax ? n : null, $"a whole number, 1 to {LoadPlan.JobsMax}");
        var rate = new Option<string>("--rate")
        {
            Description = "Submissions per second, each at its time; or max: as fast as the clients get answers",
            HelpName = "R|max",
            DefaultValueFactory = _ => "max",
        };
        rate.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && text != "max" && ParseRate(text) is null)
                result.AddError($"--rate is {text}; allowed: max, or a number above 0 and at most "
                    + LoadPlan.RateMax.ToString("0", CultureInfo.InvariantCulture));
        });
        var clients = Number<int?>("--clients", "Requests under way at once, each on its connection; 32 by default",
            text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
                && n is >= 1 and <= LoadPlan.ClientsMax ? n : null, $"a whole number, 1 to {LoadPlan.ClientsMax}");
        var time = Time("--for", "How long submissions begin, in real time, such as 60s");
        var duration = Time("--duration", "Simulated run time of each task; 1m by default");
        var devices = Number<int?>("--devices", "Devices of each task; 1 by default",
            text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
                && n is >= 0 and <= Limits.DevicesPerNodeMax ? n : null,
            $"a whole number, 0 to {Limits.DevicesPerNodeMax}");
        var share = Number<int?>("--share", "Thousandths of one device for each task, instead of --devices",
            text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
                && n is >= 1 and < Limits.MilliPerDevice ? n : null, "a whole number, 1 to 999");
        var keep = new Option<bool>("--keep") { Description = "Leave the jobs in the cluster that have not ended" };
        foreach (var option in new Option[] { jobs, rate, clients, time, duration, devices, share, keep })
            verb.Command.Add(option);
        verb.Command.Validators.Add(result =>
        {
            if (result.GetResult(devices) is not null && result.GetResult(share) is not null)
                result.AddError("give either --devices or --share");
        });
        return verb.Runs((parsed, session, cancel) => RunAsync(
            new LoadPlan(
                parsed.GetValue(jobs) ?? (parsed.GetValue(time) is null ? JobsDefault : LoadPlan.JobsMax),
                ParseRate(parsed.GetValue(rate)!), parsed.GetValue(clients) ?? 32, parsed.GetValue(time),
                LoadPlan.Task(
                    parsed.GetValue(duration) ?? TimeSpan.FromMinutes(1), parsed.GetValue(devices),
                    parsed.GetValue(share))),
            parsed.GetValue(keep), session, cancel));
    }

    private static async Task<int> RunAsync(LoadPlan plan, bool keep, Session session, CancellationToken cancel)
    {
        var client = session.Client;
        // Says at once, and in one line, when nobody is there.
        var before = (await client.GetAsync<FleetResponse>("fleet", cancel)).Value.Jobs.Placed;
        var tally = new LoadTally();
        var run = new LoadRun(client, plan, tally, session.Context.Clock);
        await WatchAsync(run.RunAsync(cancel), session, () => BenchViews.Progress(plan, tally, run.Elapsed));
        if (run.Wrong is { } wrong) throw new CliException(ExitCodes.Refused, wrong);
        var seconds = run.Elapsed.TotalSeconds;
        // An interrupted run is reported and taken back all the same; a second signal ends the process at once.
        var interrupted = cancel.IsCancellationRequested;
        if (interrupted) cancel = CancellationToken.None;
        var placed = (await client.GetAsync<FleetResponse>("fleet", cancel)).Value.Jobs.Placed - before;
        var end = new LoadEnd(client, plan);
        var waits = await end.WaitsAsync(cancel);
        long? cancelled = null;
        if (!keep)
        {
            long done = 0;
            var cancelling = end.CancelAsync(n => Interlocked.Exchange(ref done, n), cancel);
            await WatchAsync(cancelling, session,
                () => new Text($"{Wording.Count(Interlocked.Read(ref done), "job")} cancelled"));
            cancelled = await cancelling;
        }

        var report = new BenchReport
        {
            Server = client.Server,
            Rate = plan.Rate,
            Clients = plan.Clients,
            Seconds = Math.Round(seconds, 3),
            Submitted = tally.Submitted,
            Unsent = !interrupted && plan.Planned is { } planned ? planned - tally.Submitted : 0,
            Accepted = tally.Accepted,
            Refused = tally.Refusals(),
            Failed = tally.Failures(),
            PerSecond = new RatesReport(
                PerSecond(tally.Submitted), PerSecond(tally.Accepted), PerSecond(tally.Refused), PerSecond(placed)),
            LatencyMs = new LatenciesReport(tally.AcceptedLatency(), tally.RefusedLatency()),
            Placement = new PlacementReport(tally.PlacedAtOnce, tally.PlacedLatency(), Percentiles(waits)),
            Cancelled = cancelled,
        };
        if (session.Json) session.Screen.Json(report);
        else BenchViews.Report(session.Screen, report);
        if (interrupted)
            throw new CliException(ExitCodes.Refused, "interrupted; the figures are of what was sent until then");
        if (report.Accepted > 0) return ExitCodes.Done;
        throw new CliException(ExitCodes.Refused, report.Refused.Count > 0
            ? $"nothing was accepted; the first status is {report.Refused[0].Status}"
            : $"nothing was accepted: {string.Join(", ", report.Failed.Select(f => f.Why))}");

        double PerSecond(long count) => Math.Round(count / Math.Max(seconds, 1e-9), 1);
    }

    /// <summary>Shows how it goes, on a terminal only.</summary>
    private static async Task WatchAsync(
        Task run, Session session, Func<Spectre.Console.Rendering.IRenderable> view)
    {
        if (session.Context.IsTerminal && !session.Json)
            await AnsiConsole.Live(new Text("")).AutoClear(true).StartAsync(async live =>
            {
                while (!run.IsCompleted)
                {
                    live.UpdateTarget(view());
                    await Task.WhenAny(run, Task.Delay(LookEvery, CancellationToken.None));
                }
            });
        await run;
    }

    private static LatencyReport? Percentiles(IReadOnlyList<double> sorted) => sorted.Count == 0
        ? null
        : new LatencyReport(sorted.Count, At(sorted, 0.5), At(sorted, 0.9), At(sorted, 0.99), At(sorted, 0.999),
            sorted[^1]);

    private static double At(IReadOnlyList<double> sorted, double share) =>
        sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))];

    private static double? ParseRate(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate)
        && rate is > 0 and <= LoadPlan.RateMax ? rate : null;

    private static Option<T> Number<T>(string name, string description, Func<string, T> parse, string allowed) =>
        new(name)
        {
            Description = description,
            CustomParser = result =>
            {
                var value = parse(result.Tokens[0].Value);
                if (value is null) result.AddError($"{name} is {result.Tokens[0].Value}; allowed: {allowed}");
                return value;
            },
        };

    private static Option<TimeSpan?> Time(string name, string description) => Number<TimeSpan?>(
        name, description,
        text => Quantities.TryParseDuration(text, out var time) && time > TimeSpan.Zero ? time : null,
        $"{Quantities.DurationRule}, above 0");
}
