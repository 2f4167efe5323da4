using Spectre.Console;
using Stockpile.Core.Fleets;
using Stockpile.Protocol.V1;

namespace Stockpile.Cli.Demo;

/// <summary>Where the demo stands.</summary>
internal sealed record DemoProgress(
    IReadOnlyList<CellView> Cells, Catalog Catalog, TimeSpan Simulated, TimeSpan Wall, TimeSpan For, int Jobs, int Fed)
{
    /// <summary>One line, where there is no terminal.</summary>
    public string Line
    {
        get
        {
            var (waiting, running, completed) = Counts;
            return $"{Wall.TotalSeconds,5:0} s  simulated {Simulated.TotalHours,7:0.0} h  jobs {Fed}/{Jobs}  "
                + $"running {running}  waiting {waiting}  completed {completed}  "
                + $"allocations {Cells.Sum(c => c.AllocationsPersisted)}";
        }
    }

    private (int Waiting, int Running, long Completed) Counts => (
        Cells.Sum(c => c.PendingTraining + c.PendingInference + c.PendingBatch),
        Cells.Sum(c => c.RunningJobs),
        Cells.Sum(c => c.Completed));

    /// <summary>A row per tier with bars of who holds its devices.</summary>
    public Table Table()
    {
        var (waiting, running, completed) = Counts;
        var table = new Table { Border = TableBorder.Rounded, BorderStyle = new Style(Color.Grey) };
        table.Title = new TableTitle(
            $"simulated {Simulated.TotalHours:0.0} h   {Wall.TotalSeconds:0} of at most {For.TotalSeconds:0} s");
        table.Caption = new TableTitle(
            $"jobs {Fed}/{Jobs}   running {running}   waiting {waiting} "
            + $"(training {Cells.Sum(c => c.PendingTraining)})   completed {completed}   "
            + $"requeued {Cells.Sum(c => c.Requeued)}   preempted {Cells.Sum(c => c.Preempted)}   "
            + $"nodes lost {Cells.Sum(c => c.NodesLost)}");
        table.AddColumn("tier");
        table.AddColumn(new TableColumn("devices").RightAligned());
        table.AddColumn(new TableColumn("[green]training[/] [blue]inference[/] [yellow]batch[/] [grey]free[/]"));
        foreach (var head in new[] { "training", "inference", "batch", "guests" })
            table.AddColumn(new TableColumn(head).RightAligned());
        foreach (var tier in Catalog.Tiers)
        {
            var models = Cells.SelectMany(c => c.Models).Where(m => m.Tier == tier.Name).ToList();
            var devices = models.Sum(m => m.Devices);
            if (devices == 0) continue;
            var training = models.Sum(m => m.TrainingMilli) / 1000.0;
            var inference = models.Sum(m => m.InferenceMilli) / 1000.0;
            var batch = models.Sum(m => m.BatchMilli) / 1000.0;
            table.AddRow(
                tier.Name, $"{devices}", Bar(devices, training, inference, batch), $"{training:0}",
                $"{inference:0}", $"{batch:0}", $"{models.Sum(m => m.GuestMilli) / 1000.0:0}");
        }

        return table;
    }

    private static string Bar(int devices, double training, double inference, double batch)
    {
        const int Width = 30;
        int Cells(double part) => (int)Math.Round(part / devices * Width);
        var (t, i, b) = (Cells(training), Cells(inference), Cells(batch));
        var free = Math.Max(0, Width - t - i - b);
        return $"[green]{new string('█', t)}[/][blue]{new string('█', i)}[/][yellow]{new string('█', b)}[/]"
            + $"[grey]{new string('·', free)}[/]";
    }
}
