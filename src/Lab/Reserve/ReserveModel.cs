using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Reserve;

namespace Stockpile.Lab.Reserve;

/// <summary>A constraint taken away, to see what it costs.</summary>
public enum Relaxed
{
    Nothing,
    FrontierDevices,
    GangSize,
    LinkBandwidth,
    Deadline,
    Wear,
    InferenceDemand,
}

/// <summary>Training that is there at the start, as in a running cluster.</summary>
/// <param name="Left">Share of its work that is left, 0..1.</param>
public sealed record StartingJob(JobSpec Spec, double Left);

/// <summary>The devices of one model in one cell.</summary>
/// <param name="Watts">What a device draws; 0 where nobody says.</param>
internal sealed record Pool(
    int Index, string Cell, int Model, int Tier, int DevicesPerNode, int Devices, WearRate Wear, double Watts);

/// <summary>A model a class may use, and the pools that have it.</summary>
/// <param name="Model">Index of the model.</param>
/// <param name="PerReplica">Services: requests per second that one replica answers there.</param>
/// <param name="Hourly">Training: device-hours on one H800 that a gang does in an hour there, by the number of steps
/// that it is smaller than the size it wishes for.</param>
/// <param name="TaskSeconds">Batch: run time of one task there.</param>
internal sealed record Choice(
    int Model, bool Guest, int[] Pools, double PerReplica, double[] Hourly, long TaskSeconds);

/// <summary>Equal jobs: what they ask for, worked out once.</summary>
internal sealed record WorkClass(int Index, JobSpec Spec, Choice[] Choices)
{
    /// <summary>Thousandths of a device per replica or task.</summary>
    public long Milli { get; } = Spec.ShareMilli > 0 ? Spec.ShareMilli : Spec.Devices * (long)Limits.MilliPerDevice;

    /// <summary>Whether it has models where it is at home, and where it may be a guest.</summary>
    public bool HasHome { get; } = Choices.Any(o => !o.Guest);
    public bool HasGuest { get; } = Choices.Any(o => o.Guest);

    /// <summary>Devices by which an elastic gang may be smaller, one step after the other.</summary>
    public int Step { get; } = Math.Max(1, Spec.PerNode);
}

/// <summary>
/// What all runs of one policy share: the fleet as pools, the jobs as classes with the models they may use, in the
/// order that <see cref="Alternatives"/> gives them.
/// </summary>
public sealed class ReserveModel
{
    private const double MoreFrontier = 1.25;
    private const int LargerGangs = 2;

    private readonly Dictionary<string, int> _modelIndex = new(StringComparer.Ordinal);

    private ReserveModel(
        ReserveInput input, Policy policy, FleetSpec fleet, IReadOnlyList<StartingJob> starting, Relaxed relaxed)
    {
        Catalog = input.Catalog.WithVariants(fleet.Nodes.Select(n => n.Chip));
        Relaxed = relaxed;
        Policy = relaxed == Relaxed.LinkBandwidth
            ? policy with { Gangs = policy.Gangs with { StepTokens = 0 } }
            : policy;
        Scenario = input.Scenario;
        Fleet = fleet;
        for (var i = 0; i < Catalog.Models.Count; i++) _modelIndex.Add(Catalog.Models[i].Model, i);
        Pools = MakePools();
        LeastCapableFirst = [.. Pools.OrderByDescending(p => p.Tier)
            .ThenBy(p => Catalog.Models[p.Model].TrainingTflops).ThenBy(p => p.Index)];
        var classes = new List<WorkClass>();
        WorkClass Add(JobSpec spec)
        {
            var made = new WorkClass(classes.Count, spec, Choices(spec));
            classes.Add(made);
            return made;
        }

        Services = [.. Scenario.Services.Select(s => Add(s.Spec))];
        GenerationClasses = [.. Scenario.Generations.Jobs.Select(j => Add(Larger(j.Spec)))];
        StreamClasses = [.. Scenario.Streams.Select(s => Add(s.Spec))];
        Starting = [.. starting.Select(s => (Add(s.Spec), s.Left))];
        Classes = [.. classes];
    }

    /// <param name="starting">Training that runs or waits at the start, in the order of the queue.</param>
    public static ReserveModel Of(
        ReserveInput input, Policy policy, FleetSpec fleet, IReadOnlyList<StartingJob>? starting = null,
        Relaxed relaxed = Relaxed.Nothing) => new(input, policy, fleet, starting ?? [], relaxed);

    public Catalog Catalog { get; }
    public Policy Policy { get; }
    public ReserveScenario Scenario { get; }
    public FleetSpec Fleet { get; }
    public Relaxed Relaxed { get; }
    internal Pool[] Pools { get; }

    /// <summary>The pools in the order in which a power cap switches them off.</summary>
    internal IReadOnlyList<Pool> LeastCapableFirst { get; }
    internal WorkClass[] Classes { get; }

    internal WorkClass[] Services { get; }
    internal WorkClass[] GenerationClasses { get; }
    internal WorkClass[] StreamClasses { get; }
    internal IReadOnlyList<(WorkClass Class, double Left)> Starting { get; }

    internal int ModelOf(string name) => _modelIndex[name];

    /// <summary>The pool that a lot joins.</summary>
    internal int PoolOf(Purchase lot)
    {
        var (cell, model) = (CellOf(lot.Cell), ModelOf(lot.Model));
        return Pools.First(p => p.Cell == cell && p.Model == model).Index;
    }

    /// <summary>Devices of a lot; more of them where frontier devices are what is relaxed.</summary>
    internal int DevicesOf(Purchase lot) => More(ModelOf(lot.Model), lot.Devices, lot.DevicesPerNode);

    /// <summary>Device-hours on one H800 that a gang does in an hour: its devices times their speed times the share of
    /// it that links leave, on as few nodes as it can be.</summary>
    private double Hourly(JobSpec spec, int model, int devices, int devicesPerNode)
    {
        var name = Catalog.Models[model].Model;
        var perNode = spec.PerNode > 0 ? spec.PerNode : devicesPerNode;
        return devices * Catalog.RelativeSpeed(name)
            * RunTimes.Efficiency(Catalog, Policy.Gangs, name, devices, (devices + perNode - 1) / perNode);
    }

    private Pool[] MakePools()
    {
        var found = new SortedDictionary<(string Cell, int Model), (int PerNode, int Devices)>();
        foreach (var node in Fleet.Nodes)
        {
            if (!_modelIndex.TryGetValue(node.Chip, out var model)) continue;
            var key = (CellOf(node.Cell), model);
            var (perNode, devices) = found.GetValueOrDefault(key);
            found[key] = (Math.Max(perNode, node.Devices), devices + node.Devices);
        }

        foreach (var lot in Scenario.Supply.Purchases)
        {
            var key = (CellOf(lot.Cell), ModelOf(lot.Model));
            if (!found.ContainsKey(key)) found.Add(key, (lot.DevicesPerNode, 0));
        }

        return [.. found.Select((f, i) => new Pool(
            i, f.Key.Cell, f.Key.Model, Catalog.RankOf(Catalog.Models[f.Key.Model].Model), f.Value.PerNode,
            More(f.Key.Model, f.Value.Devices, f.Value.PerNode),
            Scenario.Supply.WearOf(Catalog.Models[f.Key.Model].Base),
            Scenario.Supply.Power?.Watts.GetValueOrDefault(Catalog.Models[f.Key.Model].Base) ?? 0))];
    }

    /// <summary>Without the bound on gangs all cells are one.</summary>
    private string CellOf(string cell) => Relaxed == Relaxed.GangSize ? "all" : cell;

    private int More(int model, int devices, int perNode) =>
        Relaxed == Relaxed.FrontierDevices && Catalog.RankOf(Catalog.Models[model].Model) == 0
            ? (int)(devices * MoreFrontier) / perNode * perNode
            : devices;

    private JobSpec Larger(JobSpec spec) => Relaxed != Relaxed.GangSize ? spec : spec with
    {
        Devices = spec.Devices * LargerGangs, MinDevices = spec.LeastDevices, MaxDevices = 0,
    };

    private Choice[] Choices(JobSpec spec) =>
        [.. Alternatives.Of(spec, Catalog, Policy)
            .Select(a => ChoiceOf(spec, a))
            .Where(c => c.Pools.Length > 0)];

    private Choice ChoiceOf(JobSpec spec, Alternative alternative)
    {
        var model = ModelOf(alternative.Model);
        var pools = Pools.Where(p => p.Model == model).ToList();
        var perReplica = spec.Kind != JobKind.Inference ? 0
            : spec.Serving is { } rate ? ServingRates.PerReplica(spec, rate, Catalog, alternative.Model)
            : spec.Demand!.Peak / spec.MaxReplicas;
        var step = Math.Max(1, spec.PerNode);
        double[] hourly = spec.Kind != JobKind.Training || pools.Count == 0 ? []
            : [.. Enumerable.Range(0, (spec.Devices - spec.LeastDevices) / step + 1)
                .Select(i => Hourly(spec, model, spec.Devices - i * step, pools[0].DevicesPerNode))];
        var seconds = spec.Kind != JobKind.Batch ? 0 : (long)Math.Ceiling(
            RunTimes.Of(spec, Catalog, Policy.Gangs, alternative.Model, spec.Devices).TotalSeconds);
        return new Choice(
            model, alternative.Guest, [.. pools.Select(p => p.Index)], perReplica, hourly, seconds);
    }
}
