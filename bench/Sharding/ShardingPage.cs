using System.Globalization;
using System.Text;
using Stockpile.Lab.Sharding;

namespace Stockpile.Bench.Sharding;

/// <summary>The tables as Markdown.</summary>
internal static class ShardingPage
{
    public static string Of(Conditions conditions, ShardingReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # What sharding costs

            Written by `sharding-bench` on {conditions.Date}: {conditions.Cores} cores of {conditions.Cpu},
            {conditions.Dotnet}, load average {conditions.LoadAverage:0.0} when it began. Only the times of the last
            two tables depend on the machine.

            ## Allocated devices

            Allocated devices in % of the capacity when 100 and 130 % of it have arrived, means over seeds
            {report.Seeds[0]}..{report.Seeds[^1]} of the saturation experiment on openb, the nodes dealt to cells with
            the router in front. Below: points below one cell. Status: arrivals between two statuses of the cells; 0:
            always fresh. Other cell: tasks that the cell they were sent to could not place, and another could.


            """);
        Line(text, ["trace", "cells", "status", "100 %", "130 %", "below", "below", "moved", "other cell"]);
        Line(text, ["---", .. Enumerable.Repeat("---:", 8)]);
        foreach (var r in report.Saturation)
            Line(text,
            [
                r.Trace, Whole(r.Cells), Whole(r.StatusEvery), Fixed(r.At100), Fixed(r.At130), Fixed(r.Below100),
                Fixed(r.Below130), Whole(r.Moved), Whole(r.OtherCell),
            ]);
        Scenario(text, report);
        Bursts(text, report.Bursts);
        Statuses(text, report.Statuses);
        return text.ToString().ReplaceLineEndings("\n");
    }

    private static void Scenario(StringBuilder text, ShardingReport report)
    {
        text.Append("""

            ## A Hunyuan-like mix

            The Hunyuan scenario (seed 1) on its fleet, the racks dealt to cells, in virtual time without faults; a
            status every 2 s. Gangs larger than any cell are left out, and in place of each the same work comes as two,
            four, … gangs that fit ("cut"). The second line of a number of cells is one cell with the same gangs cut.
            Best tier: of its device time, what training held, over the hours in which training waits that could use it
            or runs on a lesser tier; then how many hours those are, and the same over all hours. Waits: from the
            arrival to the first start, in minutes.


            """);
        Line(text, ["cells", "cut as for", "cut", "jobs", "completed", "best tier", "hours", "always", "training wait",
            "p99", "all wait", "p99", "waiting moved", "running moved"]);
        Line(text, [.. Enumerable.Repeat("---:", 14)]);
        foreach (var r in report.Scenario)
        {
            Row(r, r.Cells);
            if (r.Cells > 1) Row(report.OneCellCutAlike[report.Scenario.ToList().IndexOf(r) - 1], r.Cells);
        }

        void Row(ShardedResult r, int cut) => Line(text,
        [
            Whole(r.Cells), Whole(cut), Whole(r.Cut), Whole(r.Jobs), Whole(r.Completed), Fixed(r.BestTierPercent),
            Fixed(r.WaitingHours, 1), Fixed(r.BestTierPercentAlways), Minutes(r.TrainingWaiting.MeanSeconds),
            Minutes(r.TrainingWaiting.P99Seconds), Minutes(r.Waiting.MeanSeconds), Minutes(r.Waiting.P99Seconds),
            Whole(r.WaitingMoved), Whole(r.RunningMoved),
        ]);
    }

    private static void Bursts(StringBuilder text, IReadOnlyList<BurstResult> bursts)
    {
        text.Append("""

            ## A burst

            1,000 jobs at one instant, with no newer status in between, on openb of which 60 % is in use; one router, or
            three in turn that do not know of each other. Alike: every job one task on one device; else the next jobs of
            `default`. In vain: it found no room where it was sent although another cell had room, and waits until it is
            handed over.


            """);
        Line(text, ["jobs", "cells", "routers", "cells used", "most on one", "placed at once", "in vain", "no room"]);
        Line(text, ["---", .. Enumerable.Repeat("---:", 7)]);
        foreach (var b in bursts)
            Line(text,
            [
                b.Options.Alike ? "alike" : "mixed", Whole(b.Options.Cells), Whole(b.Options.Routers),
                Whole(b.CellsUsed), Whole(b.Most), Whole(b.Placed), Whole(b.InVain), Whole(b.NoRoom),
            ]);
    }

    private static void Statuses(StringBuilder text, StatusCosts costs)
    {
        text.Append("""

            ## What statuses cost

            To build the status of a cell of the Hunyuan fleet's nodes (median of 51), and its size: worked out from its
            fields, since no message carries it yet.


            """);
        Line(text, ["nodes", "shapes", "build, µs", "bytes"]);
        Line(text, [.. Enumerable.Repeat("---:", 4)]);
        foreach (var s in costs.Status)
            Line(text, [Whole(s.Nodes), Whole(s.Shapes), Fixed(s.Microseconds, 1), Whole(s.Bytes)]);
        text.Append("""

            Every cell tells each of three schedulers every second (simulated: nothing is sent). Over the network go two
            of three. Build and take in are shares of one core; choose is the time to find the cell for one job.


            """);
        Line(text, ["cells", "nodes each", "messages/s", "network bytes/s", "build", "take in", "choose, µs"]);
        Line(text, [.. Enumerable.Repeat("---:", 7)]);
        foreach (var t in costs.Traffic)
            Line(text,
            [
                Whole(t.Cells), Whole(t.NodesPerCell), Whole(t.Messages), Whole(t.Bytes), Fixed(t.BuildPercent) + " %",
                Fixed(t.TakePercent) + " %", Fixed(t.ChooseMicroseconds, 1),
            ]);
    }

    private static void Line(StringBuilder text, IReadOnlyList<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    private static string Minutes(double seconds) => Fixed(seconds / 60, 1);

    private static string Whole(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Fixed(double value, int digits = 2) =>
        value.ToString("F" + digits, CultureInfo.InvariantCulture);
}
