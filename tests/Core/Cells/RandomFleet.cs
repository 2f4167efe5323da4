using Stockpile.Core.Fleets;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells;

/// <summary>A small fleet drawn from a seed: 2 to 60 nodes of 3 to 5 models, and one of the policies.</summary>
public sealed class RandomFleet
{
    public static readonly Catalog Catalog = new(
        ["frontier", "advanced", "standard", "basic"],
        [
            Model("H800", "frontier", 81_920, 990),
            Model("A800", "advanced", 81_920, 312),
            Model("V100", "advanced", 32_768, 125),
            Model("H20", "standard", 98_304, 148),
            Model("A10", "standard", 24_576, 125),
            Model("T4", "basic", 16_384, 65),
        ]);

    /// <summary>Nobody is protected and nobody held back, so that what a job has a right to is seen at once.</summary>
    public static readonly QueuePolicy Plain = new()
    {
        Preemption = PreemptionPolicy.Unprotected, FairShare = false, Ageing = TimeSpan.Zero,
    };

    /// <summary>Links cost nothing, so that run times are round.</summary>
    public static readonly GangPolicy NoLinks = GangPolicy.Default with { StepTokens = 0 };

    /// <summary>
    /// The shipped scheme; one in which every kind meets training on its home tier, with reservations; and one whose
    /// kinds have different best home tiers, so that one model is home to batch and lent to inference. In these
    /// everybody may be pushed out at once; the last one has the queue as it is shipped.
    /// </summary>
    public static readonly IReadOnlyList<Policy> Policies =
    [
        new("combined",
            new KindPolicy(["frontier", "advanced"], []),
            new KindPolicy(["basic", "standard"], ["advanced", "frontier"]),
            new KindPolicy(["standard", "basic"], ["advanced", "frontier"])) { Queue = Plain, Gangs = NoLinks },
        new("crowded",
            new KindPolicy(["frontier", "advanced", "standard"], []),
            new KindPolicy(["basic", "standard"], ["advanced"]),
            new KindPolicy(["basic", "standard"], []))
        {
            Backfill = BackfillPolicy.On, Queue = Plain, Gangs = NoLinks,
        },
        new("mixed",
            new KindPolicy(["advanced", "frontier"], []),
            new KindPolicy(["standard"], ["frontier", "advanced"]),
            new KindPolicy(["advanced", "standard", "basic"], ["frontier"])) { Queue = Plain, Gangs = NoLinks },
        new("guarded",
            new KindPolicy(["frontier", "advanced", "standard"], []),
            new KindPolicy(["basic", "standard"], ["advanced"]),
            new KindPolicy(["basic", "standard"], []))
        {
            Gangs = NoLinks,
            Queue = new QueuePolicy { Weights = new Dictionary<string, double> { ["research"] = 2 } },
        },
        new("quotas",
            new KindPolicy(["frontier", "advanced", "standard"], []),
            new KindPolicy(["basic", "standard", "advanced"], ["frontier"]),
            new KindPolicy(["advanced", "basic", "standard"], ["frontier"]))
        {
            Gangs = NoLinks,
            Queue = new QueuePolicy
            {
                Quotas = new QuotaPolicy(
                [
                    ("research", "frontier", new TenantQuota(50, 25)), ("products", "frontier", new TenantQuota(30, 0)),
                    ("research", "advanced", new TenantQuota(40, 60)),
                    ("products", "advanced", new TenantQuota(60, 10)),
                    ("products", "standard", new TenantQuota(70, 30)), ("default", "basic", new TenantQuota(50, 50)),
                ]),
            },
        },
    ];

    private readonly Random _random;
    private readonly string[] _models;
    private readonly List<NodeAdmitted> _nodes = [];

    public RandomFleet(Random random)
    {
        _random = random;
        Policy = Policies[random.Next(Policies.Count)];
        var all = Catalog.Models.Select(m => m.Model).ToArray();
        random.Shuffle(all);
        _models = all[..random.Next(3, 6)];
        var count = random.Next(3) switch
        {
            0 => random.Next(2, 9),
            1 => random.Next(9, 25),
            _ => random.Next(25, 61),
        };
        for (var i = 0; i < count; i++) _nodes.Add(Shape($"n{i}", incarnation: 1));
    }

    public Policy Policy { get; }

    public IReadOnlyList<NodeAdmitted> Nodes => _nodes;

    /// <summary>The node starts anew; sometimes it comes back with another shape.</summary>
    public NodeAdmitted Restart(int node)
    {
        var next = _nodes[node].Incarnation + 1;
        return _nodes[node] = _random.Next(4) == 0
            ? Shape(_nodes[node].Node, next)
            : _nodes[node] with { Incarnation = next };
    }

    /// <summary>The same incarnation in another shape: a device broke, a chip was throttled, a label went.</summary>
    public NodeAdmitted Reshape(int node)
    {
        var now = _nodes[node];
        var other = Shape(now.Node, now.Incarnation);
        return _nodes[node] = _random.Next(8) switch
        {
            0 or 1 => now with { Devices = Math.Max(1, now.Devices - _random.Next(1, 4)) },
            2 => now with { CpuMilli = now.CpuMilli / 2 },
            3 => now with { MemoryMiB = now.MemoryMiB / 2 },
            4 => now with { Labels = other.Labels },
            5 => now with { Model = other.Model, Tier = "" },
            6 => now with { Tier = Catalog.Tiers[_random.Next(4)].Name },
            _ => now with { Devices = other.Devices, CpuMilli = other.CpuMilli, MemoryMiB = other.MemoryMiB },
        };
    }

    public NodeAdmitted Shape(string id, long incarnation)
    {
        int[] sizes = [1, 2, 4, 4, 8, 8, 8, _random.Next(1, 9)];
        var devices = sizes[_random.Next(sizes.Length)];
        var scarce = _random.Next(5) == 0;
        var labels = new Dictionary<string, string>();
        if (_random.Next(5) > 0) labels["rack"] = $"r{_random.Next(3)}";
        if (_random.Next(4) > 0) labels["pod"] = $"p{_random.Next(2)}";
        if (_random.Next(3) == 0) labels["disk"] = "fast";
        return new NodeAdmitted(
            id, $"host-{_random.Next(5)}", incarnation, _models[_random.Next(_models.Length)], devices,
            scarce ? _random.Next(1, 9) * 1_000 : devices * 8_000,
            scarce ? _random.Next(1, 17) * 4_096L : devices * 65_536L,
            labels);
    }

    public static Accelerator Model(string name, string tier, int memoryMiB, double tflops) =>
        new(name, tier, memoryMiB, tflops, tflops, 1_000, 100, "test", true);
}
