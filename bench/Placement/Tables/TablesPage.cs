using System.Globalization;
using System.Text;
using Stockpile.Bench.Bounds;

namespace Stockpile.Bench.Tables;

/// <summary>The tables as Markdown.</summary>
internal static class TablesPage
{
    public static string Of(Conditions conditions, IReadOnlyList<int> seeds, IReadOnlyList<TraceTable> tables)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # Placement: allocated devices

            Allocated devices in % of the capacity, by demand that has arrived in % of the capacity. Means over
            {seeds.Count} seeds ({seeds[0]}..{seeds[^1]}) of the saturation experiment of Weng et al. (ATC'23): tasks
            arrive and never leave, and one that does not fit is dropped. In brackets: the difference to the published
            mean, in points. ±, least and most are over seeds at the end.

            Written by `placement-bench tables` on {conditions.Date}: {conditions.Cores} cores of {conditions.Cpu},
            {conditions.Dotnet}. The figures do not depend on the machine.

            """);
        foreach (var table in tables) Append(text, table);
        return text.ToString().ReplaceLineEndings("\n");
    }

    private static void Append(StringBuilder text, TraceTable table)
    {
        var arrived = table.Policies[0].Points.Select(p => p.Arrived).ToList();
        text.Append($"\n## {table.Trace}\n\n");
        Line(text, ["policy", .. arrived.Select(x => $"{x} %"), "±", "least", "most", "idle devices", "moved"]);
        Line(text, ["---", .. Enumerable.Repeat("---:", arrived.Count + 5)]);
        foreach (var row in table.Policies)
            Line(text,
            [
                row.Policy,
                .. row.Points.Select(p => p.Difference is { } off
                    ? $"{Fixed(p.Mean)} ({off.ToString("+0.00;−0.00;0.00", CultureInfo.InvariantCulture)})"
                    : Fixed(p.Mean)),
                Fixed(row.Deviation), Fixed(row.Least), Fixed(row.Most), Fixed(row.IdleDevices, 1),
                row.Migrations > 0
                    ? $"{Fixed(row.Migrations, 0)} ({Fixed(row.MigrationsPercentOfPlaced)} % of placed)"
                    : "",
            ]);
        if (table.Bounds is { Count: > 0 } bounds) Append(text, bounds);
    }

    private static void Append(StringBuilder text, IReadOnlyList<BoundRow> bounds)
    {
        text.Append(CultureInfo.InvariantCulture, $"""

            Upper bounds (a linear relaxation), mean over {bounds[0].Seeds.Count} seeds, and how much of the gap
            between fgd and the bound is closed on the same seeds. "No drop before ours": any policy that drops no
            task before stockpile, without moves, first drops one of its kind (same models, same number of devices).


            """);
        Line(text, ["arrived", "bound for", "bound", "fgd", TablesBench.Still, "gap closed", TablesBench.Moving,
            "gap closed"]);
        Line(text, ["---", "---", .. Enumerable.Repeat("---:", 6)]);
        foreach (var row in bounds)
            Line(text,
            [
                $"{row.Arrived} %", row.For, Fixed(row.BoundPercent), Fixed(row.FgdPercent),
                Fixed(row.StillPercent), Share(row.StillGapClosed), Fixed(row.MovingPercent),
                Share(row.MovingGapClosed),
            ]);
    }

    private static void Line(StringBuilder text, IReadOnlyList<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    private static string Share(double? share) => share is { } known ? $"{Fixed(100 * known, 0)} %" : "";

    private static string Fixed(double value, int digits = 2) =>
        value.ToString("F" + digits, CultureInfo.InvariantCulture);
}
