using System.Globalization;
using Stockpile.Cli.Forecasting;
using Stockpile.Cli.Output;
using Stockpile.Lab.Reserve;
using Stockpile.Scheduler.Api.Text;

namespace Stockpile.Cli.Forecasting;

/// <summary>A forecast for people.</summary>
internal static class ForecastScreen
{
    public static void Print(Screen screen, ForecastView view)
    {
        var (result, answer) = (view.Forecast, view.Answer);
        var scenario = view.Input.Reserve.Scenario;
        screen.Heading($"{scenario.Name} on {view.Input.Fleet.Name}: {Years(scenario.Length)} years from "
            + $"{Day(scenario.Start)}, {Show.Number(result.Size.Runs)} runs");
        screen.Facts(
        [
            ("what if", string.Join("; ", view.WhatIf)),
            ("generations", $"{Sentence(answer.Generations)} completed ({answer.Policy})"),
            ("progress", $"{Spread(answer.Progress)} with the part of the next that is done"),
            ("what binds", Binds(result)),
            ("inference", $"{Show.Percent(answer.DemandServed)} of the demand served; "
                + $"{Show.Number(Math.Round(answer.LostInferenceHours))} H800-hours of it are not"),
            ("cloud tenants", answer.Services.Any(s => s.Outside)
                ? $"get {Show.Percent(answer.OutsideServed)} of what they want to rent"
                : null),
            ("faults", $"{Show.Number(Math.Round(answer.Failures))} devices break, "
                + $"{Show.Number(Math.Round(answer.Scrapped))} of them for good; "
                + $"{Show.Number(Math.Round(answer.HoursLostToFaults))} H800-hours are worked twice"),
        ]);
        Dates(screen, answer);
        Compare(screen, result.ByPolicy);
        Hours(screen, answer);
        if (answer.Services.Count > 0) Services(screen, result.ByPolicy);
        Stock(screen, view);
        Constraints(screen, result);
        Tornado(screen, result);
    }

    /// <summary>The lines that end the demo's report.</summary>
    public static void Brief(Screen screen, ForecastReport forecast)
    {
        screen.Heading("Forecast for this fleet");
        screen.Line(FormattableString.Invariant(
            $"{forecast.Scenario}: {forecast.P50:0} more generations in {forecast.Years:0.#} years ")
            + FormattableString.Invariant($"({forecast.P10:0} to {forecast.P90:0} in four of five runs of ")
            + FormattableString.Invariant($"{forecast.Runs}); stockpile forecast tells more"));
    }

    private static void Dates(Screen screen, PolicyReport answer)
    {
        screen.Heading("Generations");
        screen.Table(
            ["generation", ">completed in", ">late", ">p10", ">p50", ">p90"],
            answer.Dates.Select(d => (IReadOnlyList<object?>)
            [
                d.Generation, Show.Percent(d.Runs), Show.Percent(d.Late), Day(d.P10), Day(d.P50),
                Day(d.P90),
            ]));
    }

    private static void Compare(Screen screen, IReadOnlyList<PolicyReport> policies)
    {
        if (policies.Count < 2) return;
        screen.Heading($"Policies on the same stock, the same {Show.Number(policies[0].Runs)} runs for each; "
            + "means unless a percentile is named");
        screen.Table(
            ["policy", ">p10", ">p50", ">p90", ">mean", ">progress", ">on time", ">demand served",
                ">cloud served", ">frontier training h", ">lost inference h", ">waited h", ">pushed out",
                ">guests taken", ">tasks pushed out"],
            policies.Select(p => (IReadOnlyList<object?>)
            [
                p.Policy, Whole(p.Generations.P10), Whole(p.Generations.P50), Whole(p.Generations.P90),
                Two(p.Generations.Mean), Two(p.Progress.Mean), Two(p.OnTime.Mean),
                Show.Percent(p.DemandServed), Show.Percent(p.OutsideServed),
                Rounded(p.FrontierTrainingHours), Rounded(p.LostInferenceHours), Rounded(p.GenerationWaitedHours),
                Rounded(p.Preempted), Rounded(p.GuestsTaken), Rounded(p.TasksPreempted),
            ]));
    }

    private static void Hours(Screen screen, PolicyReport answer)
    {
        screen.Heading($"Device-hours by tier, in % of the stock's ({answer.Policy})");
        screen.Table(
            ["tier", ">device-hours", ">training", ">inference", ">as guests", ">batch", ">as guests", ">idle",
                ">node out", ">power off", ">broken", ">spare"],
            answer.Tiers.Select(t => (IReadOnlyList<object?>)
            [
                t.Tier, Rounded(t.Stock), .. t.Uses.Select(u => Show.Percent(u.Hours / t.Stock)),
            ]));
    }

    private static void Services(Screen screen, IReadOnlyList<PolicyReport> policies)
    {
        screen.Heading("Share of the demand served");
        screen.Table(
            ["service", .. policies.Select(p => ">" + p.Policy)],
            policies[0].Services.Select((s, i) => (IReadOnlyList<object?>)
                [s.Service, .. policies.Select(p => Show.Percent(p.Services[i].Served))]));
    }

    private static void Stock(Screen screen, ForecastView view)
    {
        var samples = view.Forecast.StockOverTime;
        if (samples.Count == 0) return;
        var every = Math.Max(1, (samples.Count - 1) / 6);
        var tiers = view.Answer.Tiers.Select(t => t.Tier).ToList();
        screen.Heading("Working devices");
        screen.Table(
            ["day", .. tiers.Select(t => ">" + t)],
            samples.Where((_, i) => i % every == 0 || i == samples.Count - 1).Select(s => (IReadOnlyList<object?>)
            [
                Day(view.Input.Reserve.Scenario.Start.AddDays(s.Day)), .. tiers.Select(t => Rounded(s.Devices[t])),
            ]));
    }

    private static void Constraints(Screen screen, ForecastResult result)
    {
        if (result.Gains.Count == 0) return;
        screen.Heading("What binds: generations on time gained where a constraint is taken away");
        screen.Table(
            ["constraint", "taken away", ">gain"],
            result.Gains.Select(g => (IReadOnlyList<object?>)[g.Constraint, g.What, Signed(g.Gain)]));
    }

    private static void Tornado(Screen screen, ForecastResult result)
    {
        if (result.Sensitivities.Count == 0) return;
        const int Width = 24;
        var widest = result.Sensitivities.Max(s => s.Swing);
        screen.Heading("Sensitivity: mean progress with one assumption at its bounds, the others at their middle "
            + $"({Two(result.Sensitivities[0].AtValue)})");
        screen.Table(
            ["assumption", ">low", ">value", ">high", ">at low", ">at high", "swing"],
            result.Sensitivities.Select(s => (IReadOnlyList<object?>)
            [
                s.Assumption, Show.Number(s.Low), Show.Number(s.Value), Show.Number(s.High),
                Two(s.AtLow), Two(s.AtHigh),
                new string('#', widest > 0 ? (int)Math.Round(s.Swing / widest * Width) : 0) + " " + Two(s.Swing),
            ]));
    }

    private static string Binds(ForecastResult result) => result.Gains.Count == 0
        ? "not looked for"
        : $"{result.BindingConstraint} ({result.Gains[0].What}: {Signed(result.Gains[0].Gain)} generations on time)";

    private static string Sentence(Quantiles q) => q.P10 == q.P90
        ? Whole(q.P50)
        : $"{Whole(q.P50)} ({Whole(q.P10)} to {Whole(q.P90)} in four of five runs, mean {Two(q.Mean)})";

    private static string Spread(Quantiles q) => $"{Two(q.P50)} ({Two(q.P10)} to {Two(q.P90)})";

    internal static string Day(DateTimeOffset day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    internal static string Two(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    internal static string Signed(double value) => value.ToString("+0.00;-0.00;0.00", CultureInfo.InvariantCulture);

    private static string Whole(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    private static string Rounded(double value) => Show.Number((long)Math.Round(value));

    private static string Years(TimeSpan length) =>
        (length.TotalDays / 365).ToString("0.##", CultureInfo.InvariantCulture);
}
