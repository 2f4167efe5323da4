using System.Globalization;
using ScottPlot;
using Stockpile.Lab.Reserve;

namespace Stockpile.Lab.Plots;

/// <summary>A forecast as a PNG: stock over time, generations by policy, and the tornado of assumptions.</summary>
public static class ForecastPlot
{
    private const int Width = 1_500;
    private const int Height = 620;

    /// <exception cref="IOException">The file can not be written.</exception>
    public static void Save(string file, string title, ForecastInput input, ForecastResult result)
    {
        var multiplot = new Multiplot();
        var panels = result.Sensitivities.Count > 0 ? 3 : 2;
        multiplot.AddPlots(panels);
        multiplot.Layout = new ScottPlot.MultiplotLayouts.Grid(rows: 1, columns: panels);
        Stock(multiplot.GetPlot(0), title, input, result);
        Generations(multiplot.GetPlot(1), result);
        if (panels > 2) Tornado(multiplot.GetPlot(2), result);
        multiplot.SavePng(file, Width, Height);
    }

    private static void Stock(Plot plot, string title, ForecastInput input, ForecastResult result)
    {
        var start = input.Reserve.Scenario.Start;
        var days = result.StockOverTime.Select(s => start.AddDays(s.Day).UtcDateTime.ToOADate()).ToArray();
        foreach (var tier in result.Answer.Tiers)
        {
            var line = plot.Add.Scatter(days, result.StockOverTime.Select(s => s.Devices[tier.Tier]).ToArray());
            line.LegendText = tier.Tier;
            line.MarkerSize = 0;
            line.LineWidth = 3;
        }

        foreach (var date in result.Answer.ExpectedDates())
        {
            var mark = plot.Add.VerticalLine(date.P50.UtcDateTime.ToOADate());
            mark.LinePattern = LinePattern.Dashed;
            mark.Color = Colors.Gray;
            mark.Text = $"generation {date.Generation}";
            mark.LabelOppositeAxis = true;
        }

        plot.Axes.DateTimeTicksBottom();
        plot.Axes.SetLimitsY(0, 1.05 * result.StockOverTime.Max(s => s.Devices.Values.Max()) + 1);
        // The second line leaves room for the marks of the generations.
        plot.Title(title + "\n ");
        plot.YLabel("working devices, mean of the runs");
        plot.ShowLegend(Alignment.MiddleLeft);
    }

    /// <summary>The mean as a bar; tenth to ninetieth percentile as its error bar.</summary>
    private static void Generations(Plot plot, ForecastResult result)
    {
        for (var i = 0; i < result.ByPolicy.Count; i++)
        {
            var progress = result.ByPolicy[i].Progress;
            plot.Add.Bar(i, progress.Mean);
            var range = plot.Add.Line(i, progress.P10, i, progress.P90);
            range.LineWidth = 3;
            range.Color = Colors.Black;
            var text = plot.Add.Text(
                progress.Mean.ToString("0.00", CultureInfo.InvariantCulture), i + 0.05, progress.Mean);
            text.LabelAlignment = Alignment.LowerLeft;
        }

        plot.Axes.Bottom.SetTicks(
            [.. Enumerable.Range(0, result.ByPolicy.Count).Select(i => (double)i)],
            [.. result.ByPolicy.Select(p => p.Policy)]);
        plot.Axes.SetLimitsY(0, 1.15 * result.ByPolicy.Max(p => Math.Max(p.Progress.P90, p.Progress.Mean)) + 0.1);
        plot.Title("Generations, with the part of the next");
        plot.YLabel("mean, and tenth to ninetieth percentile");
    }

    private static void Tornado(Plot plot, ForecastResult result)
    {
        var rows = result.Sensitivities.Reverse().ToList();
        for (var i = 0; i < rows.Count; i++)
        {
            AddBar(i, rows[i].AtLow, Colors.C0);
            AddBar(i, rows[i].AtHigh, Colors.C1);

            void AddBar(int row, double to, Color color)
            {
                var bar = plot.Add.Bar(row, to);
                bar.Horizontal = true;
                bar.Bars[0].ValueBase = rows[row].AtValue;
                bar.Bars[0].FillColor = color;
            }
        }

        plot.Axes.Left.SetTicks(
            [.. Enumerable.Range(0, rows.Count).Select(i => (double)i)], [.. rows.Select(r => r.Assumption)]);
        plot.Axes.AutoScale();
        plot.Title("Progress at low (blue) and high bound");
    }
}
