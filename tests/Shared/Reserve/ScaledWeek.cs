using System.Text.RegularExpressions;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Jobs;
using Stockpile.Formats.Reserve;
using Stockpile.Lab.Reserve;
using Stockpile.Lab.Virtual;

namespace Stockpile.Tests.Shared.Reserve;

/// <summary>Device-hours of one tier: all there were, and those that work of each kind held.</summary>
internal sealed record TierWeek(double Stock, double Training, double Inference, double Batch)
{
    public double Used => Training + Inference + Batch;
}

/// <summary>What came of the week.</summary>
/// <param name="Completed">Jobs that completed, by the name of their template; those that are counted.</param>
internal sealed record WeekOutcome(
    IReadOnlyDictionary<string, TierWeek> Tiers, IReadOnlyDictionary<string, int> Completed)
{
    /// <summary>
    /// What differs from another outcome, a line each: a job that both count and that did not complete as often, and
    /// device-hours that differ by more than a share of all the tier has.
    /// </summary>
    /// <param name="use">Bound on the hours in use.</param>
    /// <param name="kinds">Bound on the hours of training, of inference and of batch.</param>
    /// <param name="note">Gets every comparison.</param>
    public IReadOnlyList<string> Apart(
        string name, WeekOutcome other, string otherName, double use, double kinds, Action<string>? note)
    {
        var apart = new List<string>();
        foreach (var job in Completed.Keys.Intersect(other.Completed.Keys).Order())
            if (Completed[job] != other.Completed[job])
                apart.Add($"{job}: {name} completed {Completed[job]}, {otherName} {other.Completed[job]}");
        foreach (var (tier, mine) in Tiers.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            if (!other.Tiers.TryGetValue(tier, out var theirs))
            {
                apart.Add($"{otherName} has no hours of {tier}");
                continue;
            }

            Same("stock", 0.0001, mine.Stock, theirs.Stock);
            Same("use", use, mine.Used, theirs.Used);
            Same("training", kinds, mine.Training, theirs.Training);
            Same("inference", kinds, mine.Inference, theirs.Inference);
            Same("batch", kinds, mine.Batch, theirs.Batch);

            void Same(string what, double share, double here, double there)
            {
                note?.Invoke($"{what} of {tier}: {name} {here:0.0}, {otherName} {there:0.0} device-hours, "
                    + $"{100 * (there - here) / mine.Stock:0.00} % of {mine.Stock:0}");
                if (Math.Abs(here - there) > share * mine.Stock)
                    apart.Add($"{what} of {tier}: {name} {here:0.0}, {otherName} {there:0.0} device-hours of "
                        + $"{mine.Stock:0}");
            }
        }

        return apart;
    }
}

/// <summary>
/// A scaled-down week of a company, told once for the pools of a forecast, for the core of a cell in virtual time and
/// for a live cluster: training that fills the frontier at times, services with a day, and batch. Everything that
/// arrives can complete within the week.
/// </summary>
internal static class ScaledWeek
{
    public static readonly TimeSpan Length = TimeSpan.FromDays(7);

    /// <summary>Midnight.</summary>
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Jobs that arrive, services left out.</summary>
    public const int Jobs = 4 + 52 + 22 + 26;

    public const string Fleet = """
        fleet {
          name = week
          cells {
            lab {
              groups = [
                { model = H800, count = 8, devices = 8, cpu = 160, memory = 2TiB }
                { model = A100, count = 6, devices = 8, cpu = 128, memory = 1TiB }
                { model = A10, count = 5, devices = 8, cpu = 128, memory = 512GiB }
              ]
            }
          }
        }
        """;

    /// <summary>For a live cluster. A demo whose work is all done ends, so one job is left that comes after the week.
    /// </summary>
    public const string Scenario = $$"""
        scenario {
          name = week
          jobs = [
            {{Services}}
            {{Streams}}
            { start = 1000h, job { name = later, kind = batch, tasks = 1, devices = 1, duration = 1h } }
          ]
        }
        """;

    /// <summary>For a forecast.</summary>
    private const string Years = $$"""
        reserve {
          name = week, years = 0.02
          services = [
            {{Services}}
          ]
          streams = [
            {{Streams}}
          ]
        }
        """;

    private const string Services = """
        { job { name = chat, kind = inference, priority = high, replicas { min = 8, max = 60 }, devices = 1
            demand { base = 10, peak = 60, peak-hour = 13 } } }
        { job { name = ads, kind = inference, priority = critical, guest = false, replicas { min = 20, max = 200 }
            share = 125, demand { base = 100, peak = 200, peak-hour = 8 } } }
        """;

    private const string Streams = """
        { start = 0h, every = 40h, count = 4
          job { name = pretrain, kind = training, priority = high, tiers = [frontier], devices = 48, per-node = 8
            work = 900, checkpoint = 30m } }
        { start = 1h, every = 3h, count = 52
          job { name = ablation, kind = training, priority = low, devices = 8, per-node = 8, work = 28 } }
        { start = 2h, every = 7h, count = 22
          job { name = tune, kind = training, devices = 16, per-node = 8, work = 60, checkpoint = 30m } }
        { start = 30m, every = 6h, count = 26
          job { name = eval, kind = batch, tasks = 24, devices = 1, duration = 4h, min-memory = 24GiB } }
        """;

    /// <summary>The pools of a forecast.</summary>
    /// <param name="start">When the week begins: demand has its hours of the day.</param>
    public static WeekOutcome Pools(Catalog catalog, Policy policy, DateTimeOffset start, TimeSpan length)
    {
        var read = ReserveFile.ParseText(Years, catalog, policy, "week.conf");
        var input = read with { Scenario = read.Scenario with { Start = start, Length = length } };
        var run = ReserveRun.Of(
            ReserveModel.Of(input, policy, FleetFile.ParseText(Fleet, catalog, "week.conf")), seed: 7, run: 0);
        var tiers = catalog.Tiers.Where(t => run.Ledger.Stock(t.Rank) > 0).ToDictionary(t => t.Name, t =>
        {
            double Hours(params Use[] uses) => uses.Sum(u => run.Ledger.Hours(t.Rank, u));
            return new TierWeek(run.Ledger.Stock(t.Rank) / 3_600_000.0, Hours(Use.Training),
                Hours(Use.Inference, Use.InferenceGuest), Hours(Use.Batch, Use.BatchGuest));
        });
        // The pools count the training jobs that complete by name, and of batch the tasks alone.
        return new WeekOutcome(tiers, input.Scenario.Streams.Where(s => s.Spec.Kind == JobKind.Training)
            .ToDictionary(s => s.Spec.Name, s => run.Counts.CompletedByName.GetValueOrDefault(s.Spec.Name)));
    }

    /// <summary>The core of a cell in virtual time, node by node.</summary>
    public static WeekOutcome Core(Catalog catalog, Policy policy, DateTimeOffset start, TimeSpan length)
    {
        var jobs = ScenarioFile.ParseText(Scenario, catalog, policy, seed: 0, "week.conf").Jobs;
        var completed = new WeekLog();
        var cell = new VirtualCell(
            catalog, policy, FleetFile.ParseText(Fleet, catalog, "week.conf").Nodes, start)
        {
            OnRound = completed.Take,
        };
        var (next, end) = (0, start + length);
        // A live cell looks at its demand, and at protections that end, all the time.
        var look = start;
        while (true)
        {
            var at = next < jobs.Count ? start + jobs[next].Arrival : DateTimeOffset.MaxValue;
            var now = new[] { at, look, cell.NextEnd ?? DateTimeOffset.MaxValue, end }.Min();
            var arrivals = new List<JobSpec>();
            while (next < jobs.Count && start + jobs[next].Arrival <= now) arrivals.Add(jobs[next++].Spec);
            cell.Advance(now, arrivals);
            if (now >= end) return completed.Outcome(cell.State, length);
            if (now >= look) look += TimeSpan.FromMinutes(15);
        }
    }
}

/// <summary>What the rounds of a cell say of the week.</summary>
internal sealed partial class WeekLog
{
    private readonly Dictionary<long, string> _names = [];
    private readonly Dictionary<string, int> _completed = new(StringComparer.Ordinal);

    public DateTimeOffset? FirstJob { get; private set; }

    public DateTimeOffset Last { get; private set; }

    public void Take(Round round)
    {
        Last = round.At;
        foreach (var committed in round.Events)
            switch (committed)
            {
                case JobSubmitted submitted:
                    FirstJob ??= round.At;
                    // A template with several jobs numbers their names.
                    var name = Number().Replace(submitted.Spec.Name, "");
                    _names[submitted.Job] = name;
                    if (submitted.Spec.Kind != JobKind.Inference) _completed.TryAdd(name, 0);
                    break;
                case JobCompleted done:
                    _completed[_names[done.Job]]++;
                    break;
            }
    }

    /// <param name="cell">As it was after the last round.</param>
    /// <param name="length">How long the week was; the nodes may have been there before.</param>
    public WeekOutcome Outcome(CellState cell, TimeSpan length)
    {
        const double MsPerHour = 3_600_000;
        var devices = cell.Nodes.GroupBy(n => n.Accelerator.Tier, StringComparer.Ordinal)
            .ToDictionary(t => t.Key, t => t.Sum(n => n.Devices), StringComparer.Ordinal);
        return new WeekOutcome(
            cell.Usage.Tiers.ToDictionary(t => t.Key, t => new TierWeek(
                devices[t.Key] * length.TotalHours, t.Value.TrainingMs / MsPerHour,
                t.Value.InferenceMs / MsPerHour, t.Value.BatchMs / MsPerHour)),
            _completed);
    }

    [GeneratedRegex(@" \d+$")]
    private static partial Regex Number();
}
