using Prometheus;
using Stockpile.Core;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Api;

/// <summary>
/// Prometheus figures of the cells, read from the gateway when they are asked for. The registry is the application's
/// own, so that two clusters in one process do not mix.
/// </summary>
internal sealed class ApiMetrics
{
    private readonly IStockpileGateway _gateway;
    private readonly Gauge _up;
    private readonly Gauge _nodes;
    private readonly Gauge _devices;
    private readonly Gauge _use;
    private readonly Gauge _pending;
    private readonly Gauge _running;
    private readonly Gauge _round;
    private readonly Gauge _totals;
    private readonly Gauge _demand;
    private readonly Gauge _hours;
    private readonly Gauge _inbox;
    private readonly Gauge _hostGap;
    private readonly Gauge _inFlight;
    private readonly Gauge _refused;
    private readonly Gauge _bodies;
    private readonly Admission _admission;

    public ApiMetrics(IStockpileGateway gateway, Admission admission)
    {
        _gateway = gateway;
        _admission = admission;
        var make = Metrics.WithCustomRegistry(Registry);
        DotNetStats.Register(Registry);
        _up = make.CreateGauge("stockpile_up", "1 when the cells answered this scrape, else 0.");
        _nodes = make.CreateGauge("stockpile_nodes", "Nodes by state.", "cell", "state");
        _devices = make.CreateGauge("stockpile_devices", "Devices there are.", "cell", "tier", "model");
        _use = make.CreateGauge("stockpile_devices_by_use",
            "Devices by use: training, inference, batch, free, unavailable; guest counts among the first three.",
            "cell", "tier", "model", "use");
        _pending = make.CreateGauge("stockpile_jobs_pending", "Jobs that wait.", "cell", "kind");
        _running = make.CreateGauge("stockpile_jobs_running", "Jobs that run.", "cell");
        _round = make.CreateGauge("stockpile_round", "Number of the newest round of the cell.", "cell");
        _totals = make.CreateGauge("stockpile_events",
            "Counts from the cell's journal; they stay over restarts.", "cell", "event");
        _demand = make.CreateGauge("stockpile_inference_requests",
            "Requests of all services over the cell's life, wanted and served.", "cell", "side");
        _hours = make.CreateGauge("stockpile_work_device_hours",
            "Device-hours of training and batch whose work is safe (useful), or was lost, by cause.",
            "cell", "kind", "what");
        _inbox = make.CreateGauge("stockpile_cell_inbox", "Requests that wait for the cell's next round.", "cell");
        _hostGap = make.CreateGauge("stockpile_host_gap_seconds",
            "Longest real time between two words of a host, since the cell started where it is.", "cell");
        _inFlight = make.CreateGauge("stockpile_http_in_flight", "Requests under way here, by kind.", "kind");
        _refused = make.CreateGauge("stockpile_http_refused",
            "Requests refused at the door since this process started, by kind.", "kind");
        _bodies = make.CreateGauge("stockpile_http_body_kib", "KiB of submissions' bodies under way here.");
        Registry.AddBeforeCollectCallback(CollectAsync);
    }

    public CollectorRegistry Registry { get; } = Metrics.NewCustomRegistry();

    private async Task CollectAsync(CancellationToken cancel)
    {
        foreach (var door in _admission.Doors)
        {
            _inFlight.WithLabels(door.Name).Set(door.InFlight);
            _refused.WithLabels(door.Name).Set(door.Refused);
        }

        _bodies.Set(_admission.BodyKiB);
        IReadOnlyList<CellView> cells;
        try
        {
            cells = await _gateway.CellsAsync(cancel);
            _up.Set(1);
        }
        catch (Exception fault) when (fault is ClusterUnavailableException or ClusterBusyException)
        {
            // Old figures would look like a healthy cluster that stands still.
            cells = [];
            _up.Set(0);
        }

        Gauge[] all = [_nodes, _devices, _use, _pending, _running, _round, _totals, _demand, _hours, _inbox, _hostGap];
        foreach (var gauge in all)
            foreach (var labels in gauge.GetAllLabelValues().ToList())
                if (!cells.Any(c => c.Cell == labels[0])) gauge.RemoveLabelled(labels);
        foreach (var cell in cells) Publish(cell);
    }

    private void Publish(CellView cell)
    {
        var name = cell.Cell;
        _nodes.WithLabels(name, "lost").Set(cell.NodesLost);
        _nodes.WithLabels(name, "draining").Set(cell.NodesDraining);
        _nodes.WithLabels(name, "ready").Set(cell.Nodes - cell.NodesLost - cell.NodesDraining);
        foreach (var model in cell.Models) Publish(name, model);
        _pending.WithLabels(name, "training").Set(cell.PendingTraining);
        _pending.WithLabels(name, "inference").Set(cell.PendingInference);
        _pending.WithLabels(name, "batch").Set(cell.PendingBatch);
        _running.WithLabels(name).Set(cell.RunningJobs);
        _round.WithLabels(name).Set(cell.Round);
        _totals.WithLabels(name, "submitted").Set(cell.Submitted);
        _totals.WithLabels(name, "placed").Set(cell.Placed);
        _totals.WithLabels(name, "completed").Set(cell.Completed);
        _totals.WithLabels(name, "cancelled").Set(cell.Cancelled);
        _totals.WithLabels(name, "failed").Set(cell.Failed);
        _totals.WithLabels(name, "requeued").Set(cell.Requeued);
        _totals.WithLabels(name, "preempted").Set(cell.Preempted);
        _totals.WithLabels(name, "migrations").Set(cell.Migrations);
        _totals.WithLabels(name, "allocations").Set(cell.AllocationsPersisted);
        _demand.WithLabels(name, "wanted").Set(cell.Demand);
        _demand.WithLabels(name, "served").Set(cell.DemandServed);
        _hours.WithLabels(name, "training", "useful").Set(cell.UsefulTrainingHours);
        _hours.WithLabels(name, "batch", "useful").Set(cell.UsefulBatchHours);
        foreach (var (cause, hours) in cell.LostHours) _hours.WithLabels(name, "lost", cause).Set(hours);
        _inbox.WithLabels(name).Set(cell.Inbox);
        _hostGap.WithLabels(name).Set(cell.HostGapMs / 1_000.0);
    }

    private void Publish(string cell, ModelUse use)
    {
        const double milli = Limits.MilliPerDevice;
        _devices.WithLabels(cell, use.Tier, use.Model).Set(use.Devices);
        _use.WithLabels(cell, use.Tier, use.Model, "training").Set(use.TrainingMilli / milli);
        _use.WithLabels(cell, use.Tier, use.Model, "inference").Set(use.InferenceMilli / milli);
        _use.WithLabels(cell, use.Tier, use.Model, "batch").Set(use.BatchMilli / milli);
        _use.WithLabels(cell, use.Tier, use.Model, "guest").Set(use.GuestMilli / milli);
        _use.WithLabels(cell, use.Tier, use.Model, "free").Set(use.FreeMilli / milli);
        _use.WithLabels(cell, use.Tier, use.Model, "unavailable").Set(use.UnavailableMilli / milli);
    }
}
