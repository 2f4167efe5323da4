using Stockpile.Cli.Client;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Lab.Reserve;
using Stockpile.Scheduler;
using Stockpile.Scheduler.Api.Contracts;

namespace Stockpile.Cli.Forecasting;

/// <summary>What a running cluster has: its nodes, and its training with what is left of it.</summary>
internal sealed record LiveStock(FleetSpec Fleet, IReadOnlyList<StartingJob> Training)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<LiveStock> ReadAsync(CliContext context, ServerAccess server, CancellationToken cancel)
    {
        using var client = new StockpileClient(server, context, Patience);
        var nodes = (await client.GetAllAsync<NodeListResponse>(
            $"nodes?limit={SchedulerLimits.ListRowsMax}", "nodes", cancel)).Value;
        var training = new List<StartingJob>();
        // What runs keeps its devices ahead of what waits.
        foreach (var state in new[] { "running", "placed", "pending" })
        {
            var jobs = (await client.GetAllAsync<JobListResponse>(
                $"jobs?kind=training&state={state}&limit={SchedulerLimits.ListRowsMax}", "jobs", cancel)).Value;
            training.AddRange(jobs.Jobs.Select(Start));
        }

        if (nodes.Nodes.Count == 0) throw new CliException(ExitCodes.Refused, "the cluster has no nodes yet");
        return new LiveStock(
            new FleetSpec("live", [.. nodes.Nodes.Where(n => n.State is not ("lost" or "refused")).Select(Node)]),
            training);
    }

    private static NodeSpec Node(NodeResponse node)
    {
        var variant = node.Model.IndexOf(Catalog.VariantMark);
        var model = variant < 0 ? node.Model : node.Model[..variant];
        return new NodeSpec(
            node.Id, node.Cell, model, node.Devices, (int)(node.Cpu * 1000), node.Memory, JobSpec.NoLabels)
        {
            Tier = variant < 0 ? "" : node.Tier,
        };
    }

    private static StartingJob Start(JobResponse job) => new(
        new JobSpec
        {
            Name = job.Name,
            Kind = JobKind.Training,
            Tenant = job.Tenant,
            Priority = Enum.TryParse<Priority>(job.Priority, ignoreCase: true, out var p) ? p : Priority.Normal,
            Tiers = job.Tiers ?? [],
            Models = job.Models ?? [],
            MinMemoryMiB = job.MinMemory ?? 0,
            Devices = job.Devices ?? 1,
            PerNode = job.PerNode ?? 0,
            MinDevices = job.MinDevices ?? 0,
            MaxDevices = job.MaxDevices ?? 0,
            WorkHours = job.Work ?? 0,
            Checkpoint = job.Checkpoint ?? TimeSpan.Zero,
            Generation = job.Generation ?? 0,
        },
        1 - Math.Clamp(job.Progress, 0, 1));
}
