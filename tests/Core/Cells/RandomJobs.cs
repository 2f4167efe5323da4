using Stockpile.Core.Jobs;

namespace Stockpile.Core.Tests.Cells;

/// <summary>Jobs drawn from a seed: every kind and every field, most of them valid and placeable.</summary>
public sealed class RandomJobs(Random random)
{
    private readonly List<JobSpec> _earlier = [];
    private int _number;

    /// <summary>Often one that is like an earlier one: users repeat themselves, and classes want company.</summary>
    public JobSpec Next()
    {
        var spec = _earlier.Count > 0 && random.Next(3) == 0
            ? _earlier[random.Next(_earlier.Count)] with { Name = Name("again"), Priority = AnyPriority() }
            : New();
        _earlier.Add(spec);
        return spec;
    }

    private JobSpec New()
    {
        var spec = random.Next(3) switch { 0 => Training(), 1 => Inference(), _ => Batch() };
        spec = spec with
        {
            Priority = AnyPriority(),
            Tenant = Pick("default", "research", "products"),
            CpuMilli = spec.CpuMilli > 0 ? spec.CpuMilli : Pick(0, 0, 1_000, 2_000, 4_000, 8_000),
            MemoryMiB = Pick(0, 0, 1_024, 16_384, 32_768),
        };
        spec = Wishes(spec);
        return random.Next(25) == 0 ? Spoil(spec) : spec;
    }

    private JobSpec Training()
    {
        var perNode = random.Next(5) < 2 ? Pick(1, 2, 4, 8) : 0;
        var devices = perNode > 0 ? perNode * random.Next(1, 5) : Pick(1, 1, 2, 3, 4, 8, 8, 12, 16, 24, 40);
        var step = Math.Max(1, perNode);
        return new JobSpec
        {
            Name = Name("gang"),
            Kind = JobKind.Training,
            Devices = devices,
            PerNode = perNode,
            MinDevices = random.Next(4) == 0 ? step * random.Next(1, devices / step + 1) : 0,
            MaxDevices = random.Next(4) == 0 ? devices + step * random.Next(0, 5) : 0,
            WorkHours = random.Next(1, 400) / 2.0,
            Checkpoint = Pick(TimeSpan.Zero, TimeSpan.FromMinutes(15), TimeSpan.FromHours(1)),
            Generation = random.Next(4),
            TopologyRequired = Pick(TopologyLevel.None, TopologyLevel.None, TopologyLevel.Pod, TopologyLevel.Rack),
            TopologyPreferred = Pick(TopologyLevel.None, TopologyLevel.None, TopologyLevel.Rack),
        };
    }

    private JobSpec Inference()
    {
        var least = random.Next(4);
        var whole = random.Next(3) == 0;
        var demand = random.Next(3) == 0 ? null : new Demand(random.Next(50), 50 + random.Next(100), random.Next(24));
        return new JobSpec
        {
            Name = Name("service"),
            Kind = JobKind.Inference,
            Devices = whole ? Pick(1, 1, 2, 4) : 0,
            ShareMilli = whole ? 0 : Pick(100, 250, 300, 500, 501, 700, 999),
            MinReplicas = least,
            MaxReplicas = Math.Max(1, least + random.Next(7)),
            Demand = demand,
            Serving = demand is null || random.Next(2) == 0
                ? null
                : new ServingRate(10 + random.Next(90), random.Next(5) / 4.0, 0.6),
            Guest = random.Next(4) > 0,
        };
    }

    private JobSpec Batch()
    {
        var shape = random.Next(4);
        var work = shape < 3 && random.Next(2) == 0;
        return new JobSpec
        {
            Name = Name("tasks"),
            Kind = JobKind.Batch,
            Devices = shape == 0 ? Pick(1, 1, 2, 3) : 0,
            ShareMilli = shape is 1 or 2 ? Pick(50, 200, 333, 500, 600, 999) : 0,
            CpuMilli = shape == 3 ? random.Next(1, 5) * 1_000 : 0,
            Tasks = random.Next(6) == 0 ? random.Next(10, 31) : random.Next(1, 6),
            WorkHours = work ? random.Next(1, 40) / 4.0 : 0,
            Duration = work ? TimeSpan.Zero : TimeSpan.FromMinutes(random.Next(1, 300)),
            Guest = random.Next(4) > 0,
        };
    }

    private JobSpec Wishes(JobSpec spec)
    {
        switch (random.Next(10))
        {
            case 0:
                spec = spec with { Tiers = Some(RandomFleet.Catalog.Tiers.Select(t => t.Name)) };
                break;
            case 1:
                spec = spec with { Models = Some(RandomFleet.Catalog.Models.Select(m => m.Model)) };
                break;
            default:
                break;
        }

        if (random.Next(8) == 0) spec = spec with { MinMemoryMiB = Pick(16_384, 20_000, 40_000) };
        if (random.Next(8) == 0)
            spec = spec with { Labels = new Dictionary<string, string> { ["rack"] = $"r{random.Next(3)}" } };
        return spec;
    }

    /// <summary>Something that can never run here, or that no validator lets through.</summary>
    private JobSpec Spoil(JobSpec spec) => random.Next(5) switch
    {
        0 => spec with { Labels = new Dictionary<string, string> { ["rack"] = "nowhere" } },
        1 => spec with { MinMemoryMiB = 200_000 },
        2 => spec with { CpuMilli = 9_000_000 },
        3 => spec with { Name = "" },
        _ => spec with { Tiers = ["imaginary"], Models = [] },
    };

    private string[] Some(IEnumerable<string> names)
    {
        var all = names.ToArray();
        random.Shuffle(all);
        return all[..random.Next(1, 4)];
    }

    private Priority AnyPriority() =>
        Pick(Priority.Low, Priority.Normal, Priority.Normal, Priority.High, Priority.Critical);

    private string Name(string kind) => $"{kind} {++_number}";

    private T Pick<T>(params ReadOnlySpan<T> values) => values[random.Next(values.Length)];
}
