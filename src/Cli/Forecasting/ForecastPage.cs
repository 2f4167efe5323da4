using System.Globalization;
using System.Net;
using System.Text;
using Stockpile.Lab.Reserve;

namespace Stockpile.Cli.Forecasting;

/// <summary>A forecast as one HTML page that needs nothing else: no script, no other file, light and dark.</summary>
internal static class ForecastPage
{
    private const string Style = """
        :root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --line: #d1d9e0; --paper: #fff;
          --c0: #0a66c2; --c1: #d1600a; --c2: #2c8a4b; --c3: #8250df; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d;
          --paper: #0d1117; --c0: #6cb6ff; --c1: #f0883e; --c2: #57ab5a; --c3: #b083f0; } }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
          max-width: 76rem; padding: 0 1rem; }
        h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
        .answer { font-size: 1.15rem; } .soft { color: var(--soft); }
        .wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: right; }
        td { white-space: nowrap; } th:first-child, td:first-child, td.text, th.text { text-align: left; }
        td.text { white-space: normal; }
        svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
        svg .axis { stroke: var(--line); }
        """;

    public static string Of(ForecastView view)
    {
        var (result, answer) = (view.Forecast, view.Answer);
        var page = new StringBuilder();
        page.Append("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>")
            .Append(Text(view.Title)).Append("</title><style>").Append(Style).Append("</style></head><body><h1>")
            .Append(Text(view.Title)).Append("</h1>");
        Answer(page, view);
        Section(page, "Working devices over time", ForecastCharts.Stock(view));
        Section(page, "Generations by policy, with the part of the next", ForecastCharts.Generations(result.ByPolicy));
        Table(page, "When generations are done", ["generation", "completed in", "late", "p10", "p50", "p90"],
            answer.Dates.Select(d => new[]
            {
                Whole(d.Generation), Percent(d.Runs), Percent(d.Late), ForecastScreen.Day(d.P10),
                ForecastScreen.Day(d.P50), ForecastScreen.Day(d.P90),
            }));
        Table(page, $"Policies on the same stock, the same {Whole(result.ByPolicy[0].Runs)} runs for each",
            ["policy", "p10", "p50", "p90", "mean", "progress", "on time", "demand served", "cloud served",
                "frontier training hours", "lost inference hours"],
            result.ByPolicy.Select(p => new[]
            {
                p.Policy, Whole(p.Generations.P10), Whole(p.Generations.P50), Whole(p.Generations.P90),
                ForecastScreen.Two(p.Generations.Mean), ForecastScreen.Two(p.Progress.Mean),
                ForecastScreen.Two(p.OnTime.Mean), Percent(p.DemandServed), Percent(p.OutsideServed),
                Whole(p.FrontierTrainingHours), Whole(p.LostInferenceHours),
            }));
        Table(page, $"What the devices did ({answer.Policy}), share of the stock's device-hours",
            ["tier", "device-hours", .. answer.Tiers.Count > 0 ? answer.Tiers[0].Uses.Select(u => u.Name) : []],
            answer.Tiers.Select(t => (string[])
                [t.Tier, Whole(t.Stock), .. t.Uses.Select(u => Percent(u.Hours / t.Stock))]));
        Table(page, "Share of the demand served", ["service", .. result.ByPolicy.Select(p => p.Policy)],
            answer.Services.Select((s, i) => (string[])
                [s.Service, .. result.ByPolicy.Select(p => Percent(p.Services[i].Served))]));
        if (result.Gains.Count > 0)
            Table(page, "What binds: generations on time gained where a constraint is taken away",
                ["constraint", "gain", "taken away"],
                result.Gains.Select(g => new[] { g.Constraint, ForecastScreen.Signed(g.Gain), g.What }));
        if (result.Sensitivities.Count > 0)
            Section(page, "Which assumption moves the answer most", ForecastCharts.Tornado(result.Sensitivities));
        Assumptions(page, view);
        return page.Append("</body></html>\n").ToString();
    }

    private static void Answer(StringBuilder page, ForecastView view)
    {
        var (result, answer) = (view.Forecast, view.Answer);
        var scenario = view.Input.Reserve.Scenario;
        var years = (scenario.Length.TotalDays / 365).ToString("0.##", CultureInfo.InvariantCulture);
        page.Append("<p class=\"answer\">In ").Append(years).Append(" years from ")
            .Append(ForecastScreen.Day(scenario.Start)).Append(" the stock trains <b>")
            .Append(Whole(answer.Generations.P50)).Append(" generations</b> (")
            .Append(Whole(answer.Generations.P10)).Append(" to ").Append(Whole(answer.Generations.P90))
            .Append(" in four of five runs) and serves ").Append(Percent(answer.DemandServed))
            .Append(" of the demand.");
        if (result.Gains.Count > 0) page.Append(" What binds: ").Append(Text(result.BindingConstraint)).Append('.');
        page.Append("</p><p class=\"soft\">").Append(Whole(result.Size.Runs)).Append(" runs, seed ")
            .Append(result.Seed.ToString(CultureInfo.InvariantCulture)).Append(", policy ")
            .Append(Text(answer.Policy)).Append(view.Live ? ", from a running cluster" : "");
        if (view.WhatIf.Count > 0) page.Append("; what if: ").Append(Text(string.Join("; ", view.WhatIf)));
        page.Append("</p>");
    }

    private static void Assumptions(StringBuilder page, ForecastView view) => Table(
        page, "Assumptions", ["assumption", "low", "value", "high", "source"],
        view.Input.Reserve.Scenario.Assumptions.Values.OrderBy(a => a.Name, StringComparer.Ordinal).Select(a => new[]
        {
            a.Name, Number(a.Low), Number(a.Value), Number(a.High), a.Source,
        }));

    private static void Section(StringBuilder page, string title, string body) =>
        page.Append("<h2>").Append(Text(title)).Append("</h2>").Append(body);

    /// <summary>A last column of words is set as text.</summary>
    private static void Table(
        StringBuilder page, string title, IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<string>> rows)
    {
        page.Append("<h2>").Append(Text(title)).Append("</h2><div class=\"wide\"><table><tr>");
        foreach (var head in heads)
            page.Append(head is "source" or "taken away" ? "<th class=\"text\">" : "<th>").Append(Text(head))
                .Append("</th>");
        page.Append("</tr>");
        foreach (var row in rows)
        {
            page.Append("<tr>");
            for (var i = 0; i < row.Count; i++)
                page.Append(heads[i] is "source" or "taken away" ? "<td class=\"text\">" : "<td>").Append(Text(row[i]))
                    .Append("</td>");
            page.Append("</tr>");
        }

        page.Append("</table></div>");
    }

    internal static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    private static string Whole(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
