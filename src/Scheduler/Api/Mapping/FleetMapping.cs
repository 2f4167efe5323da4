using System.Globalization;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api.Contracts;

namespace Stockpile.Scheduler.Api.Mapping;

/// <summary>What cells say about their nodes, as JSON has it, and the sums over all cells.</summary>
public static class FleetMapping
{
    private const double MilliPerDevice = Limits.MilliPerDevice;
    private const double MilliPerCore = 1000;

    public static FleetResponse ToFleet(this IReadOnlyList<CellView> cells, Catalog catalog)
    {
        var models = cells.SelectMany(c => c.Models).ToList();
        var newest = cells.Count == 0 ? 0 : cells.Max(c => c.AtMs);
        return new FleetResponse
        {
            At = JobViewMapping.Time(newest),
            Cells = cells.Count,
            Nodes = cells.Sum(c => c.Nodes),
            NodesLost = cells.Sum(c => c.NodesLost),
            NodesDraining = cells.Sum(c => c.NodesDraining),
            Devices = cells.Sum(c => c.Devices),
            Utilisation = Utilisation(models),
            Tiers = TierRows(models, cells.SelectMany(c => c.Use), catalog),
            Models = ModelRows(models, catalog),
            Pending = new PendingResponse(
                cells.Sum(c => c.PendingTraining), cells.Sum(c => c.PendingInference), cells.Sum(c => c.PendingBatch)),
            RunningJobs = cells.Sum(c => c.RunningJobs),
            Jobs = Counters(cells),
            Inference = Inference(cells),
            Generations = Generations(cells),
            Goodput = cells.ToGoodput(),
        };
    }

    public static CellResponse ToResponse(this CellView cell, Catalog catalog)
    {
        CellView[] self = [cell];
        return new CellResponse
        {
            Cell = cell.Cell,
            Epoch = cell.Epoch,
            Round = cell.Round,
            At = JobViewMapping.Time(cell.AtMs),
            Nodes = cell.Nodes,
            NodesLost = cell.NodesLost,
            NodesDraining = cell.NodesDraining,
            Devices = cell.Devices,
            Free = cell.Models.Sum(m => m.FreeMilli) / MilliPerDevice,
            Utilisation = Utilisation(cell.Models),
            Pending = new PendingResponse(cell.PendingTraining, cell.PendingInference, cell.PendingBatch),
            ActiveJobs = cell.ActiveJobs,
            RunningJobs = cell.RunningJobs,
            Jobs = Counters(self),
            Inference = Inference(self),
            Models = ModelRows(cell.Models, catalog),
            Generations = Generations(self),
            Goodput = self.ToGoodput(),
        };
    }

    public static NodeResponse ToResponse(this NodeView node, bool withAllocations) => new()
    {
        Id = node.Node,
        Cell = node.Cell,
        Host = node.Host,
        Model = node.Model,
        Tier = node.Tier,
        State = node.State,
        Reason = node.Reason.Length == 0 ? null : node.Reason,
        DrainBy = node.DrainByMs == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(node.DrainByMs),
        Devices = node.Devices,
        FreeDevices = node.FreeDevices,
        FreeMilli = [.. node.FreeMilli],
        Cpu = node.CpuMilli / MilliPerCore,
        CpuFree = node.CpuFreeMilli / MilliPerCore,
        Memory = node.MemoryMib,
        MemoryFree = node.MemoryFreeMib,
        Labels = node.Labels.Count == 0 ? null : new Dictionary<string, string>(node.Labels),
        Incarnation = node.Incarnation,
        Allocations = withAllocations ? [.. node.Allocations.Select(a => a.ToResponse())] : null,
    };

    /// <summary>The answer to a drain or a fault in words.</summary>
    /// <param name="cordoned">The drain was a cordon; the node itself is drained without a deadline.</param>
    public static string ToLine(this NodeResponse node, bool cordoned = false)
    {
        ArgumentNullException.ThrowIfNull(node);
        var count = Wording.Count(node.Allocations?.Count ?? 0, "allocation");
        if (cordoned && node.State == "draining")
            return $"{node.Id} is cordoned: it takes no new work, and nothing moves, {count} on it";
        var until = node.DrainBy is { } by
            ? string.Create(CultureInfo.InvariantCulture, $" until {by.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC")
            : node.State == "draining" ? " without a deadline" : "";
        return $"{node.Id} is {node.State}{until}, {count} on it";
    }

    /// <summary>One row per tier, most capable first; a tier the catalogue does not know comes last.</summary>
    private static List<UseResponse> TierRows(
        IEnumerable<ModelUse> models, IEnumerable<TierUseView> hours, Catalog catalog)
    {
        var hoursByTier = hours.ToLookup(h => h.Tier, StringComparer.Ordinal);
        return [.. models
            .GroupBy(m => m.Tier, StringComparer.Ordinal)
            .OrderBy(g => catalog.FindTier(g.Key)?.Rank ?? int.MaxValue).ThenBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => Row(g.Key, null, [.. g], Hours(hoursByTier[g.Key])))];
    }

    private static List<UseResponse> ModelRows(IEnumerable<ModelUse> models, Catalog catalog) => [.. models
        .GroupBy(m => (m.Tier, m.Model))
        .OrderBy(g => catalog.FindTier(g.Key.Tier)?.Rank ?? int.MaxValue)
        .ThenBy(g => g.Key.Model, StringComparer.Ordinal)
        .Select(g => Row(g.Key.Tier, g.Key.Model, [.. g], null))];

    private static UseResponse Row(
        string tier, string? model, IReadOnlyCollection<ModelUse> uses, UseHoursResponse? hours) => new()
    {
        Tier = tier,
        Model = model,
        Nodes = uses.Sum(u => u.Nodes),
        Devices = uses.Sum(u => u.Devices),
        Training = uses.Sum(u => u.TrainingMilli) / MilliPerDevice,
        Inference = uses.Sum(u => u.InferenceMilli) / MilliPerDevice,
        Batch = uses.Sum(u => u.BatchMilli) / MilliPerDevice,
        Guest = uses.Sum(u => u.GuestMilli) / MilliPerDevice,
        Free = uses.Sum(u => u.FreeMilli) / MilliPerDevice,
        Unavailable = uses.Sum(u => u.UnavailableMilli) / MilliPerDevice,
        Utilisation = Utilisation(uses),
        FreeDevices = uses.Sum(u => u.FreeDevices),
        Hours = hours,
    };

    /// <summary>What is neither free nor unavailable is in use, whoever uses it.</summary>
    private static double Utilisation(IEnumerable<ModelUse> uses)
    {
        long all = 0, idle = 0;
        foreach (var use in uses)
        {
            all += (long)use.Devices * Limits.MilliPerDevice;
            idle += use.FreeMilli + use.UnavailableMilli;
        }

        return all == 0 ? 0 : Math.Round((double)(all - idle) / all, 6);
    }

    private static UseHoursResponse? Hours(IEnumerable<TierUseView> views)
    {
        var all = views.ToList();
        return all.Count == 0 ? null : new UseHoursResponse(
            all.Sum(h => h.DeviceHours), all.Sum(h => h.TrainingHours), all.Sum(h => h.InferenceHours),
            all.Sum(h => h.BatchHours), all.Sum(h => h.GuestHours), all.Sum(h => h.WaitingDeviceHours),
            all.Sum(h => h.WaitingTrainingHours));
    }

    /// <summary>Over all cells.</summary>
    public static GoodputResponse ToGoodput(this IReadOnlyList<CellView> cells)
    {
        var training = cells.Sum(c => c.Use.Sum(u => u.TrainingHours));
        var batch = cells.Sum(c => c.Use.Sum(u => u.BatchHours));
        var usefulTraining = cells.Sum(c => c.UsefulTrainingHours);
        var usefulBatch = cells.Sum(c => c.UsefulBatchHours);
        var lost = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var (cause, hours) in cells.SelectMany(c => c.LostHours))
            lost[cause] = lost.GetValueOrDefault(cause) + hours;
        foreach (var cause in lost.Keys.ToList()) lost[cause] = Rounded(lost[cause]);
        return new GoodputResponse(
            training > 0 ? Rounded(usefulTraining / training) : null, batch > 0 ? Rounded(usefulBatch / batch) : null,
            Rounded(training), Rounded(usefulTraining), Rounded(batch), Rounded(usefulBatch),
            Rounded(lost.Values.Sum()), lost);
    }

    private static double Rounded(double value) => Math.Round(value, 4);

    private static CountersResponse Counters(IReadOnlyList<CellView> cells) => new(
        cells.Sum(c => c.Submitted), cells.Sum(c => c.Placed), cells.Sum(c => c.Completed),
        cells.Sum(c => c.Cancelled), cells.Sum(c => c.Failed), cells.Sum(c => c.Requeued),
        cells.Sum(c => c.Preempted), cells.Sum(c => c.AllocationsPersisted))
    {
        Migrations = cells.Sum(c => c.Migrations),
    };

    private static InferenceResponse Inference(IReadOnlyList<CellView> cells)
    {
        var requests = cells.Sum(c => c.Demand);
        var served = requests > 0 ? cells.Sum(c => c.DemandServed) / requests : 1;
        return new InferenceResponse(cells.Sum(c => c.Services), requests, served);
    }

    private static Dictionary<string, long> Generations(IEnumerable<CellView> cells) => cells
        .SelectMany(c => c.Generations)
        .GroupBy(g => g.Key)
        .OrderBy(g => g.Key)
        .ToDictionary(g => g.Key.ToString(CultureInfo.InvariantCulture), g => g.Sum(x => x.Value));
}
