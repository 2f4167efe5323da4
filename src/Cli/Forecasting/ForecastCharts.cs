using System.Globalization;
using System.Text;
using Stockpile.Lab.Reserve;

namespace Stockpile.Cli.Forecasting;

/// <summary>The charts of the page as inline SVG, in the colours of its style.</summary>
internal static class ForecastCharts
{
    private const double Width = 960;
    private const double Left = 150;
    private const double Right = 90;

    /// <summary>Lines of working devices by tier, with the median date of each generation that most runs complete.
    /// </summary>
    public static string Stock(ForecastView view)
    {
        const double height = 340, top = 24, bottom = 300;
        var samples = view.Forecast.StockOverTime;
        var days = Math.Max(1, samples.Max(s => s.Day));
        var most = Math.Max(1, samples.Max(s => s.Devices.Values.Max()));
        double X(double day) => Left + day / days * (Width - Left - Right);
        double Y(double devices) => bottom - devices / most * (bottom - top);
        var svg = Open(height, "Working devices by tier over time");
        for (var devices = 0.0; devices <= most; devices += RoundStep(Math.Max(1, most / 4)))
        {
            Line(svg, Left, Y(devices), Width - Right, Y(devices), "axis", "");
            Label(svg, Left - 8, Y(devices) + 4, "end", devices.ToString("N0", CultureInfo.InvariantCulture));
        }

        foreach (var date in view.Answer.ExpectedDates())
        {
            var day = (date.P50 - view.Input.Reserve.Scenario.Start).TotalDays;
            Line(svg, X(day), top, X(day), bottom, "axis", "stroke-dasharray=\"4 4\"");
            Label(svg, X(day), top - 8, "middle", $"generation {date.Generation}");
        }

        var colour = 0;
        foreach (var tier in view.Answer.Tiers.Select(t => t.Tier))
        {
            var points = string.Join(' ', samples.Select(s => $"{N(X(s.Day))},{N(Y(s.Devices[tier]))}"));
            svg.Append(CultureInfo.InvariantCulture,
                $"<polyline fill=\"none\" stroke=\"var(--c{colour++ % 4})\" stroke-width=\"2.5\" "
                + $"points=\"{points}\"/>");
            Label(svg, Width - Right + 6, Y(samples[^1].Devices[tier]) + 4, "start", tier);
        }

        foreach (var year in Enumerable.Range(0, days / 365 + 1))
            Label(svg, X(year * 365), bottom + 20, "middle",
                ForecastScreen.Day(view.Input.Reserve.Scenario.Start.AddDays(year * 365)));
        return Close(svg);
    }

    /// <summary>A bar per policy: the mean, and a whisker from the tenth to the ninetieth percentile.</summary>
    public static string Generations(IReadOnlyList<PolicyReport> policies)
    {
        const double row = 40;
        var most = Math.Max(0.1, policies.Max(p => Math.Max(p.Progress.P90, p.Progress.Mean)));
        double X(double value) => Left + value / most * (Width - Left - Right);
        var svg = Open(policies.Count * row + 10, "Generations by policy");
        for (var i = 0; i < policies.Count; i++)
        {
            var (y, progress) = (i * row + 8, policies[i].Progress);
            Box(svg, Left, y, X(progress.Mean) - Left, row - 16, i == 0 ? "var(--c0)" : "var(--c1)");
            Line(svg, X(progress.P10), y + 12, X(progress.P90), y + 12, "", "stroke=\"var(--ink)\" stroke-width=\"2\"");
            Label(svg, Left - 8, y + 16, "end", policies[i].Policy);
            Label(svg, Math.Max(X(progress.Mean), X(progress.P90)) + 6, y + 16, "start",
                ForecastScreen.Two(progress.Mean));
        }

        return Close(svg);
    }

    /// <summary>From the answer at the middle to the answer at each bound.</summary>
    public static string Tornado(IReadOnlyList<Sensitivity> rows)
    {
        const double row = 30;
        var low = rows.Min(r => Math.Min(r.AtLow, r.AtHigh));
        var high = rows.Max(r => Math.Max(r.AtLow, r.AtHigh));
        var span = Math.Max(1e-6, high - low);
        double X(double value) => Left + (value - low) / span * (Width - Left - Right);
        var svg = Open(rows.Count * row + 30, "Sensitivity to the assumptions");
        for (var i = 0; i < rows.Count; i++)
        {
            var (y, s) = (i * row + 4, rows[i]);
            Bar(s.AtLow, "var(--c0)");
            Bar(s.AtHigh, "var(--c1)");
            Label(svg, Left - 8, y + 16, "end", s.Assumption);
            Label(svg, Width - Right + 6, y + 16, "start",
                $"{ForecastScreen.Two(s.AtLow)} … {ForecastScreen.Two(s.AtHigh)}");

            void Bar(double at, string colour) => Box(
                svg, Math.Min(X(at), X(s.AtValue)), y, Math.Abs(X(at) - X(s.AtValue)), row - 10, colour);
        }

        Line(svg, X(rows[0].AtValue), 0, X(rows[0].AtValue), rows.Count * row, "axis", "");
        Label(svg, X(rows[0].AtValue), rows.Count * row + 18, "middle",
            $"{ForecastScreen.Two(rows[0].AtValue)} at the middle; blue: low bound, orange: high bound");
        return Close(svg);
    }

    /// <summary>The next 1, 2 or 5 times a power of ten.</summary>
    private static double RoundStep(double step)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(step)));
        var factor = step / power;
        return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
    }

    private static StringBuilder Open(double height, string what) => new StringBuilder().Append(
        CultureInfo.InvariantCulture,
        $"<svg viewBox=\"0 0 {N(Width)} {N(height)}\" role=\"img\" aria-label=\"{ForecastPage.Text(what)}\">");

    private static string Close(StringBuilder svg) => svg.Append("</svg>").ToString();

    private static void Line(
        StringBuilder svg, double x1, double y1, double x2, double y2, string kind, string more) => svg.Append(
        CultureInfo.InvariantCulture,
        $"<line class=\"{kind}\" x1=\"{N(x1)}\" y1=\"{N(y1)}\" x2=\"{N(x2)}\" y2=\"{N(y2)}\" {more}/>");

    private static void Box(StringBuilder svg, double x, double y, double width, double height, string fill) =>
        svg.Append(CultureInfo.InvariantCulture,
            $"<rect x=\"{N(x)}\" y=\"{N(y)}\" width=\"{N(Math.Max(0, width))}\" height=\"{N(height)}\" "
            + $"fill=\"{fill}\"/>");

    private static void Label(StringBuilder svg, double x, double y, string anchor, string text) => svg.Append(
        CultureInfo.InvariantCulture,
        $"<text x=\"{N(x)}\" y=\"{N(y)}\" text-anchor=\"{anchor}\">{ForecastPage.Text(text)}</text>");

    private static string N(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
