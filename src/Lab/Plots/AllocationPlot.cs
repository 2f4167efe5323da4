using ScottPlot;
using Stockpile.Lab.Saturation;

namespace Stockpile.Lab.Plots;

/// <summary>Allocated % against arrived %, one line per policy, as a PNG.</summary>
public static class AllocationPlot
{
    private const int Width = 1_100;
    private const int Height = 700;

    /// <exception cref="IOException">The file can not be written.</exception>
    public static void Save(string file, string title, IReadOnlyList<SaturationReport> reports)
    {
        using var plot = new Plot();
        foreach (var report in reports)
        {
            var points = report.Mean.Curve.OrderBy(p => p.Key).ToList();
            var line = plot.Add.Scatter(
                points.ConvertAll(p => (double)p.Key).ToArray(), points.ConvertAll(p => p.Value).ToArray());
            line.LegendText = $"{report.Policy} {report.Mean.AllocatedPercent:F2} %";
            line.MarkerSize = 0;
            line.LineWidth = report.Policy == "stockpile" ? 4 : 2;
        }

        var last = reports.SelectMany(r => r.Mean.Curve.Keys).DefaultIfEmpty(100).Max();
        plot.Title(title);
        plot.XLabel("arrived device demand, % of capacity");
        plot.YLabel("allocated devices, % of capacity");
        plot.Axes.SetLimits(Math.Min(60, last / 2.0), last, Math.Min(60, last / 2.0), 100);
        plot.ShowLegend(Alignment.LowerRight);
        File.WriteAllBytes(file, plot.GetImage(Width, Height).GetImageBytes(ImageFormat.Png));
    }
}
