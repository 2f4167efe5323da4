using Stockpile.Cli.Local;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.State;
using Stockpile.Formats.Jobs;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler;
using Stockpile.Scheduler.Api.Mapping;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Cli.Demo;

/// <summary>What a demo runs.</summary>
/// <param name="For">Bound of the wall time.</param>
internal sealed record DemoPlan(
    FleetSpec Fleet, Scenario Scenario, ulong Seed, TimeSpan For, TimeSpan FaultsEvery);

/// <summary>Runs a scenario on a local cluster and reports what came of it.</summary>
internal sealed class DemoRun(LocalCluster cluster, DemoPlan plan, Catalog catalog, string data)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly DateTimeOffset _start = cluster.Clock.GetUtcNow();
    private readonly long _wallStart = TimeProvider.System.GetTimestamp();
    private string _endedBecause = "";

    public async Task<DemoReport> RunAsync(Action<DemoProgress> show, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var feed = new JobFeed(cluster.Gateway, cluster.Clock, _start, plan.Scenario.Jobs);
        var horizon = plan.Scenario.Jobs.Count == 0 ? TimeSpan.Zero : plan.Scenario.Jobs[^1].Arrival;
        var faults = new DemoFaults(
            cluster.Gateway, cluster.Clock, _start, plan.Fleet, plan.FaultsEvery, horizon, plan.Seed);
        var feeding = feed.RunAsync(stop.Token);
        var faulting = faults.RunAsync(stop.Token);
        await WatchAsync(feed, feeding, show, cancel);
        var simulated = cluster.Clock.GetUtcNow() - _start;
        var wall = TimeProvider.System.GetElapsedTime(_wallStart);
        await stop.CancelAsync();
        await Quietly(feeding);
        await Quietly(faulting);
        return await ReportAsync(feed, faults.Report, simulated, wall, cancel);
    }

    private static async Task Quietly(Task task)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private async Task WatchAsync(JobFeed feed, Task feeding, Action<DemoProgress> show, CancellationToken cancel)
    {
        while (true)
        {
            var cells = await cluster.Gateway.CellsAsync(cancel);
            var wall = TimeProvider.System.GetElapsedTime(_wallStart);
            show(new DemoProgress(
                cells, catalog, cluster.Clock.GetUtcNow() - _start, wall, plan.For, feed.Total, feed.Ids.Count));
            if (feeding.IsFaulted) await feeding;
            if (feed.Finished && cells.Sum(c => c.ActiveJobs - c.Services) == 0)
            {
                _endedBecause = "all work is done";
                return;
            }

            if (wall >= plan.For)
            {
                _endedBecause = $"the {plan.For.TotalSeconds:0} s of --for are over";
                return;
            }

            await Task.Delay(LookEvery, cancel);
        }
    }

    private async Task<DemoReport> ReportAsync(
        JobFeed feed, FaultsReport faults, TimeSpan simulated, TimeSpan wall, CancellationToken cancel)
    {
        var cells = await cluster.Gateway.CellsAsync(cancel);
        var pending = await PendingAsync(cancel);
        var persisted = cells.Sum(c => c.AllocationsPersisted);
        var demand = cells.Sum(c => c.Demand);
        var generations = cells.SelectMany(c => c.Generations)
            .GroupBy(g => g.Key).OrderBy(g => g.Key).ToDictionary(g => g.Key, g => g.Sum(x => x.Value));
        var ended = cells.Sum(c => c.Completed + c.Failed + c.Cancelled);
        return new DemoReport
        {
            Seed = plan.Seed,
            Fleet = plan.Fleet.Name,
            Scenario = plan.Scenario.Name,
            Speed = cluster.Clock.Speed,
            WallSeconds = Math.Round(wall.TotalSeconds, 1),
            SimulatedHours = Math.Round(simulated.TotalHours, 2),
            EndedBecause = _endedBecause,
            Cells = cells.Count,
            Nodes = cells.Sum(c => c.Nodes),
            Devices = cells.Sum(c => c.Devices),
            Jobs = new JobsReport(
                feed.Ids.Count + feed.Refused.Count, cells.Sum(c => c.Submitted), feed.Refused.Count,
                cells.Sum(c => c.Placed), cells.Sum(c => c.Completed),
                cells.Sum(c => c.Submitted) - ended - pending.Sum(p => p.Jobs), pending.Sum(p => p.Jobs),
                cells.Sum(c => c.Failed), cells.Sum(c => c.Cancelled), cells.Sum(c => c.Requeued),
                cells.Sum(c => c.Preempted)),
            Allocations = new AllocationsReport(persisted, Math.Round(persisted / wall.TotalSeconds, 1)),
            Tiers = await TiersAsync(cells, cancel),
            Generations = new GenerationsReport(CompletedGenerations(generations), generations, Forecast: null),
            Inference = new InferenceReport(
                cells.Sum(c => c.Services),
                demand > 0 ? Math.Round(cells.Sum(c => c.DemandServed) / demand, 4) : 1),
            Goodput = cells.ToGoodput(),
            Faults = faults,
            Pending = pending,
            Refused = feed.Refused,
            Journal = await JournalAsync(cells, cancel),
            Data = data,
        };
    }

    /// <summary>A generation is complete when all the scenario's jobs that count for it are.</summary>
    private int CompletedGenerations(Dictionary<int, long> completed) => plan.Scenario.Jobs
        .Where(j => j.Spec.Generation > 0)
        .GroupBy(j => j.Spec.Generation)
        .Count(g => completed.GetValueOrDefault(g.Key) >= g.Count());

    private async Task<IReadOnlyList<PendingReport>> PendingAsync(CancellationToken cancel)
    {
        var waiting = await cluster.Gateway.ListJobsAsync(
            new JobFilter("pending", null, null, null, SchedulerLimits.ListRowsMax), cancel);
        var reasons = new SortedDictionary<string, int>(StringComparer.Ordinal);
        // A part of an array is counted with its array.
        foreach (var job in waiting.Jobs.Where(j => j.PartOf.Length == 0))
        {
            _ = JobId.TryParse(job.Id, out var id);
            var why = await cluster.Gateway.WhyAsync(id, cancel);
            // The reason of a job names its place in the queue last; jobs that differ in nothing else belong together.
            var reason = why.Reason.Split("; ")[0];
            reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
        }

        return [.. reasons.OrderByDescending(r => r.Value).Select(r => new PendingReport(r.Key, r.Value))];
    }

    private async Task<IReadOnlyList<TierReport>> TiersAsync(IReadOnlyList<CellView> cells, CancellationToken cancel)
    {
        var inference = new List<AllocationView>();
        var services = await cluster.Gateway.ListJobsAsync(
            new JobFilter(null, "inference", null, null, SchedulerLimits.ListRowsMax), cancel);
        foreach (var service in services.Jobs)
        {
            _ = JobId.TryParse(service.Id, out var id);
            var reply = await cluster.Gateway.GetJobAsync(id, cancel);
            if (reply.Job is { } view) inference.AddRange(view.Allocations);
        }

        var uses = cells.SelectMany(c => c.Use).ToLookup(u => u.Tier, StringComparer.Ordinal);
        var tiers = new List<TierReport>();
        foreach (var tier in catalog.Tiers)
        {
            var devices = cells.SelectMany(c => c.Models).Where(m => m.Tier == tier.Name).Sum(m => m.Devices);
            if (devices == 0) continue;
            var use = uses[tier.Name].ToList();
            var hours = Math.Max(1e-9, use.Sum(u => u.DeviceHours));
            var training = use.Sum(u => u.TrainingHours) / hours;
            var serving = use.Sum(u => u.InferenceHours) / hours;
            var batch = use.Sum(u => u.BatchHours) / hours;
            var waiting = use.Sum(u => u.WaitingDeviceHours);
            tiers.Add(new TierReport(
                tier.Name, devices, Share(training + serving + batch), Share(training), Share(serving), Share(batch),
                Share(use.Sum(u => u.GuestHours) / hours), Math.Round(waiting / devices, 2),
                waiting > 0 ? Share(use.Sum(u => u.WaitingTrainingHours) / waiting) : null,
                inference.Count(a => a.Tier == tier.Name && !a.Guest)));
        }

        return tiers;
    }

    private static double Share(double share) => Math.Round(share, 4);

    private async Task<IReadOnlyList<JournalReport>> JournalAsync(
        IReadOnlyList<CellView> cells, CancellationToken cancel)
    {
        var reports = new List<JournalReport>();
        foreach (var cell in cells)
        {
            long events = 0;
            var state = await cluster.Journal.StateAtRoundAsync(
                cell.Cell, cell.Round, cancel, (_, round) => events += round.Events.Count);
            reports.Add(new JournalReport(
                cell.Cell, cell.Round, events, cell.AllocationsDigest,
                state.RoundNumber == cell.Round && AllocationsHash.Of(state) == cell.AllocationsDigest));
        }

        return reports;
    }
}
