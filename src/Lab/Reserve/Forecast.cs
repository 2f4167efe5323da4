using Stockpile.Core.Fleets;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Reserve;

namespace Stockpile.Lab.Reserve;

/// <summary>How many runs a forecast makes.</summary>
/// <param name="Compared">Runs of each further policy.</param>
/// <param name="Relaxed">Runs with each constraint taken away; 0: what binds is not looked for.</param>
/// <param name="Varied">Runs with each assumption at each bound; 0: none.</param>
public sealed record ForecastSize(int Runs, int Compared, int Relaxed, int Varied)
{
    private const int Least = 15;

    /// <summary>Sizes that keep the answer sharp where it is looked at most.</summary>
    public static ForecastSize Of(int runs) => new(
        runs, Math.Min(runs, Math.Max(Least, runs / 10)), Math.Min(runs, Math.Max(Least, runs / 25)),
        Math.Min(runs, Math.Max(Least, runs / 64)));
}

/// <summary>What a forecast is made of.</summary>
/// <param name="Policies">The first one is the answer; the others are compared with it.</param>
public sealed record ForecastInput(
    ReserveInput Reserve, IReadOnlyList<Policy> Policies, FleetSpec Fleet, IReadOnlyList<StartingJob> Starting);

/// <summary>What many runs say.</summary>
/// <param name="Answer">The policy that is asked about, over all runs.</param>
/// <param name="ByPolicy">That policy, then the others, each over the same runs: the first
/// <see cref="ForecastSize.Compared"/>, or all where there is nothing to compare.</param>
/// <param name="Gains">What each constraint costs, the greatest first.</param>
/// <param name="Sensitivities">The assumption that moves the answer most first.</param>
public sealed record ForecastResult(
    ulong Seed,
    ForecastSize Size,
    PolicyReport Answer,
    IReadOnlyList<PolicyReport> ByPolicy,
    IReadOnlyList<StockSample> StockOverTime,
    IReadOnlyList<ConstraintGain> Gains,
    IReadOnlyList<Sensitivity> Sensitivities)
{
    /// <summary>Gains smaller than this part of a generation are noise.</summary>
    private const double GainMin = 0.01;

    /// <summary>The constraint whose absence brings most; <c>none</c> where none brings anything.</summary>
    public string BindingConstraint => Gains.Count > 0 && Gains[0].Gain >= GainMin ? Gains[0].Constraint : "none";
}

/// <summary>
/// Many seeded runs in parallel. A run is worked out from its number alone and the results stand in the order of the
/// numbers, so that the number of threads changes nothing.
/// </summary>
public sealed class Forecast
{
    private static readonly (string Name, string What, Relaxed Relaxed)[] Constraints =
    [
        ("frontier devices", "a quarter more devices of the best tier", Relaxed.FrontierDevices),
        ("gang size", "gangs twice as large, across cells", Relaxed.GangSize),
        ("link bandwidth", "links that cost nothing", Relaxed.LinkBandwidth),
        ("deadline", "no deadline", Relaxed.Deadline),
        ("wear", "nothing breaks", Relaxed.Wear),
        ("inference demand", "no services", Relaxed.InferenceDemand),
    ];

    private readonly ForecastInput _input;
    private readonly ulong _seed;
    private readonly ParallelOptions _parallel;
    private readonly Action<int>? _progress;
    private int _doneRuns;

    private Forecast(ForecastInput input, ulong seed, int threads, Action<int>? progress, CancellationToken cancel)
    {
        _input = input;
        _seed = seed;
        _progress = progress;
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancel };
    }

    /// <summary>How many runs a forecast makes in all.</summary>
    public static int RunsOf(ForecastInput input, ForecastSize size) => size.Runs
        + (input.Policies.Count - 1) * size.Compared
        + (size.Relaxed > 0 ? Constraints.Length * size.Relaxed : 0)
        + (size.Varied > 0 ? (2 * Varied(input).Count + 1) * size.Varied : 0);

    /// <param name="threads">Most runs at a time.</param>
    /// <param name="progress">Called after each run with the number of runs done; from any thread.</param>
    public static ForecastResult Of(
        ForecastInput input, ForecastSize size, ulong seed, int threads, Action<int>? progress = null,
        CancellationToken cancel = default)
    {
        var forecast = new Forecast(input, seed, threads, progress, cancel);
        var first = forecast.Runs(input.Policies[0], Relaxed.Nothing, size.Runs);
        var answer = Report(input, input.Policies[0], first);
        List<PolicyReport> reports = input.Policies.Count == 1 || size.Compared >= first.Length
            ? [answer]
            : [Report(input, input.Policies[0], first[..size.Compared])];
        foreach (var policy in input.Policies.Skip(1))
            reports.Add(Report(input, policy, forecast.Runs(policy, Relaxed.Nothing, size.Compared)));
        return new ForecastResult(
            seed, size, answer, reports, Stock(input, first), forecast.Gains(first, size.Relaxed),
            forecast.Sensitivities(size.Varied));
    }

    private static List<Assumption> Varied(ForecastInput input) =>
        [.. input.Reserve.Scenario.Assumptions.Values.Where(a => a.Low < a.High)
            .OrderBy(a => a.Name, StringComparer.Ordinal)];

    private ReserveResult[] Runs(Policy policy, Relaxed relaxed, int runs, RunFactors? factors = null)
    {
        var model = ReserveModel.Of(_input.Reserve, policy, _input.Fleet, _input.Starting, relaxed);
        var results = new ReserveResult[runs];
        Parallel.For(0, runs, _parallel, run =>
        {
            results[run] = factors is null
                ? ReserveRun.Of(model, _seed, run)
                : ReserveRun.Of(model, factors, _seed, run);
            _progress?.Invoke(Interlocked.Increment(ref _doneRuns));
        });
        return results;
    }

    /// <summary>The same runs with one constraint taken away: that which brings most is what binds.</summary>
    private List<ConstraintGain> Gains(ReserveResult[] first, int runs)
    {
        if (runs == 0) return [];
        var with = first.Take(runs).Average(r => r.OnTime);
        return [.. Constraints
            .Select(c => new ConstraintGain(
                c.Name, c.What, Runs(_input.Policies[0], c.Relaxed, runs).Average(r => r.OnTime) - with))
            .OrderByDescending(g => g.Gain)];
    }

    private List<Sensitivity> Sensitivities(int runs)
    {
        var varied = Varied(_input);
        if (runs == 0 || varied.Count == 0) return [];
        var scenario = _input.Reserve.Scenario;
        double Mean(RunFactors factors) =>
            Runs(_input.Policies[0], Relaxed.Nothing, runs, factors).Average(r => r.Progress);
        var middle = Mean(RunFactors.Middle(scenario));
        return [.. varied
            .Select(a => new Sensitivity(
                a.Name, a.Low, a.Value, a.High, Mean(RunFactors.With(scenario, a.Name, a.Low)), middle,
                Mean(RunFactors.With(scenario, a.Name, a.High)), a.Source))
            .OrderByDescending(s => s.Swing)];
    }

    private static List<StockSample> Stock(ForecastInput input, ReserveResult[] runs) =>
        [.. Enumerable.Range(0, runs[0].Stock.Length).Select(sample => new StockSample(
            (int)Math.Min(sample * (double)ReserveRun.SampleEvery, input.Reserve.Scenario.Length.TotalDays),
            input.Reserve.Catalog.Tiers.ToDictionary(
                t => t.Name, t => runs.Average(r => (double)r.Stock[sample][t.Rank]))))];

    internal static PolicyReport Report(ForecastInput input, Policy policy, ReserveResult[] runs) => new(
        policy.Name,
        runs.Length,
        Quantiles.Of(runs.Select(r => (double)r.Completed)),
        Quantiles.Of(runs.Select(r => r.Progress)),
        Quantiles.Of(runs.Select(r => r.OnTime)),
        Dates(input.Reserve.Scenario.Start, runs),
        runs.Average(r => r.Ledger.Hours(0, Use.Training)),
        runs.Average(r => r.DemandServed),
        runs.Average(r => r.LostHours),
        runs.Average(r => r.OutsideServed),
        runs.Average(r => r.OutsideLostHours),
        runs.Average(r => r.Counts.GenerationWaitedHours),
        runs.Average(r => r.Counts.HoursLostToFaults),
        runs.Average(r => (double)r.Counts.Failures),
        runs.Average(r => (double)r.Counts.Scrapped),
        runs.Average(r => (double)r.Counts.Preempted),
        runs.Average(r => (double)r.Counts.GuestsTaken),
        runs.Average(r => (double)r.Counts.TasksPreempted),
        [.. input.Reserve.Catalog.Tiers.Where(t => runs.Any(r => r.Ledger.Stock(t.Rank) > 0))
            .Select(t => Hours(t, runs))],
        [.. runs[0].Services.Select((s, i) => new ServiceShare(
            s.Name, s.Outside, runs.Average(r => r.Services[i].Share)))]);

    private static TierHours Hours(Tier tier, ReserveResult[] runs)
    {
        double Mean(Use use) => runs.Average(r => r.Ledger.Hours(tier.Rank, use));
        return new TierHours(
            tier.Name, runs.Average(r => r.Ledger.Stock(tier.Rank) / 3_600_000.0), Mean(Use.Training),
            Mean(Use.Inference), Mean(Use.InferenceGuest), Mean(Use.Batch), Mean(Use.BatchGuest), Mean(Use.Idle),
            Mean(Use.NodeOut), Mean(Use.PowerOff), Mean(Use.Broken), Mean(Use.Spare));
    }

    private static List<GenerationDate> Dates(DateTimeOffset start, ReserveResult[] runs)
    {
        var dates = new List<GenerationDate>();
        for (var number = 0; ; number++)
        {
            var done = runs.Where(r => r.Completed > number).Select(r => r.Generations[number]).ToList();
            if (done.Count == 0) return dates;
            var when = Quantiles.Of(done.Select(d => (double)d.Done));
            dates.Add(new GenerationDate(
                number + 1, done.Count / (double)runs.Length, done.Count(d => d.Late) / (double)done.Count,
                start.AddSeconds(when.P10), start.AddSeconds(when.P50), start.AddSeconds(when.P90)));
        }
    }
}
