using Stockpile.Cli.Output;
using Stockpile.Core;

namespace Stockpile.Cli.Demo;

/// <summary>The report for people.</summary>
internal static class DemoScreen
{
    public static void Show(Screen screen, DemoReport report)
    {
        var jobs = report.Jobs;
        screen.Heading($"{report.Scenario} on {report.Fleet}: {Wording.Count(report.Nodes, "node")}, "
            + $"{Wording.Count(report.Devices, "device")}, {Wording.Count(report.Cells, "cell")}");
        screen.Facts(
        [
            ("time", $"{report.SimulatedHours:0.#} simulated hours in {report.WallSeconds:0.0} s "
                + $"(speed {report.Speed:0})"),
            ("ended because", report.EndedBecause),
            ("jobs", $"{jobs.Submitted} submitted, {jobs.Placed} placed, {jobs.Completed} completed, "
                + $"{jobs.Running} running, {jobs.Pending} pending, {jobs.Failed} failed"
                + (jobs.Refused > 0 ? $", {jobs.Refused} refused" : "")),
            ("taken back", $"{jobs.Requeued} requeued, {Wording.Count(jobs.Preempted, "allocation")} preempted"),
            ("allocations", $"{report.Allocations.Persisted} persisted, {report.Allocations.PerSecond:0} per second"),
            ("generations", report.Generations.Completed > 0 || report.Generations.TrainingJobs.Count > 0
                ? $"{report.Generations.Completed} complete; training jobs done: "
                    + string.Join(", ", report.Generations.TrainingJobs.Select(g => $"{g.Value} of generation {g.Key}"))
                : null),
            ("inference", report.Inference.Services > 0
                ? $"{Wording.Count(report.Inference.Services, "service")}, "
                    + $"{report.Inference.DemandServed:P1} of the demand served"
                : null),
            ("goodput", FleetViews.Goodput(report.Goodput)),
            ("faults", $"{Wording.Count(report.Faults.NodesFailed, "node")} failed, "
                + $"{report.Faults.NodesRecovered} came back, {report.Faults.NodesSlowed} ran slowly"),
            ("data", report.Data),
        ]);

        screen.Heading("Device-hours by tier");
        screen.Table(
            ["tier", ">devices", ">used", ">training", ">inference", ">batch", ">guests", ">training waited",
                ">training share then", ">inference at home"],
            report.Tiers.Select(t => new object?[]
            {
                t.Tier, t.Devices, $"{t.Utilisation:P1}", $"{t.TrainingShare:P1}", $"{t.InferenceShare:P1}",
                $"{t.BatchShare:P1}", $"{t.GuestShare:P1}",
                $"{t.TrainingWaitedHours:0.0} h",
                t.TrainingShareWhileTrainingWaits is { } share ? $"{share:P1}" : "–", t.InferenceNotAsGuest,
            }));

        if (report.Pending.Count > 0)
        {
            screen.Heading("Pending at the close");
            screen.Table([">jobs", "reason"], report.Pending.Select(p => new object?[] { p.Jobs, p.Reason }));
        }

        if (report.Refused.Count > 0)
        {
            screen.Heading("Refused");
            foreach (var line in report.Refused.Take(10)) screen.Line(line);
            if (report.Refused.Count > 10) screen.Line($"and {report.Refused.Count - 10} more");
        }

        screen.Heading("Journal, read back");
        screen.Table(["cell", ">rounds", ">events", "allocations", "agrees"], report.Journal.Select(j => new object?[]
        {
            j.Cell, j.Round, j.Events, j.Digest, j.Agrees ? "yes" : "NO",
        }));
        if (report.Generations.Forecast is { } forecast) Forecasting.ForecastScreen.Brief(screen, forecast);
    }
}
