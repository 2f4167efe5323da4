using Stockpile.Core.Fleets;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Configuration;

namespace Stockpile.Fuzz.Tests.Files;

/// <summary>Small valid texts of every file, with every key in one of them.</summary>
internal static class Seeds
{
    public static Catalog Catalog { get; } = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));

    public static Policy Policy { get; } = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), Catalog);

    public static readonly string[] Jobs =
    [
        """
        { "name": "gen-9", "kind": "training", "tenant": "research", "priority": "high", "devices": 64, "per-node": 8,
          "min-devices": 32, "max-devices": 128, "work": 1000.5, "checkpoint": "30m", "generation": 9,
          "tiers": ["frontier", "advanced"], "labels": { "rack": "r1" }, "topology": { "required": "pod" } }
        """,
        """
        name = chat, kind = inference, replicas { min = 1, max = 8 }, share = 250, latency-class = fast
        demand { base = 10, peak = 100.5, peak-hour = 20 }
        guest = yes, min-memory = 20GiB, cpu = 4, memory = 64GiB
        """,
        """
        jobs = [
          { name = eval, kind = batch, tasks = 4, devices = 1, duration = 2h, models = [T4, H800] } # one
          { name = "b 2", kind = batch, tasks = 1, share = 500, work = 3, tenant = x, priority = low }
        ]
        """,
        """[ { "name": "a", "kind": "inference", "replicas": { "max": 3 }, "devices": 2, "demand": 5 } ]""",
    ];

    public static readonly string[] Fleets =
    [
        """
        fleet {
          name = small
          cells {
            north { groups = [ { model = H800, count = 2, devices = 8, cpu = 128, memory = 2TiB, rack-size = 2 } ] }
            south { groups = [
              { model = T4, count = 3, devices = 4, cpu = 32, memory = 256GiB, name-prefix = edge, rack-size = 0 }
              { model = "H800", count = 1, devices = 8, cpu = 64.5, memory = 512GiB, labels { zone = a } }
            ] }
          }
        }
        """,
        """
        {"fleet":{"name":"j","cells":{"a":{"groups":[{"model":"T4","count":1,"devices":1,"cpu":1,"memory":"1GiB"}]}}}}
        """,
    ];

    public static readonly string[] Scenarios =
    [
        """
        scenario {
          name = s
          jobs = [
            { count = 3, every = 5m, start = 1h, jitter = 2m, job { name = a, kind = batch, tasks = 2, share = 5,
              duration = 2h, labels { rack = r } } }
            { job { name = g, kind = training, devices = 16, work = 100, checkpoint = 1h } }
          ]
        }
        """,
        """
        {"scenario":{"name":"j","jobs":[{"start":"1d",
          "job":{"name":"x","kind":"inference","replicas":{"max":2},"devices":1}}]}}
        """,
    ];

    public static readonly string[] Policies =
    [
        File.ReadAllText(StockpileConfig.PathOf("policy.conf")),
        """
        policy { name = p, objective = goodput
          training { tiers = [frontier, advanced] }
          inference { tiers = [basic], guest-tiers = [frontier] }
          batch { tiers = [basic, standard] } }
        """,
    ];

    public static readonly string[] Catalogs =
    [
        """
        tiers = [frontier, basic]
        models {
          H800 { tier = frontier, memory = 80GiB, bf16 = 989, fp16 = 989, memory-bandwidth = 3350, link-bandwidth = 400,
            source = "vendor", assumed = yes }
          T4 { tier = basic, memory = 16GiB, fp16 = 65, memory-bandwidth = 320, link-bandwidth = 32, source = v }
        }
        """,
        """
        {"tiers":["a"],"models":{"M":{"tier":"a","memory":"1GiB","fp16":1,"memory-bandwidth":1,"link-bandwidth":1,
          "source":"s"}}}
        """,
    ];

    public static readonly string[] Settings =
    [
        """
        stockpile { journal { store = postgres, postgres { host = db, port = 5433, options = "SSL Mode=Require" } }
          clock.speed = 60, cluster.seeds = ["a:4053", "b:4053"], host { labels { rack = r }, memory = 2TiB } }
        """,
        """{"stockpile":{"http":{"url":"http://127.0.0.1:0"}},"akka":{"loglevel":"DEBUG","cluster":{"roles":[]}}}""",
        "akka.cluster.sharding.rebalance-absolute-limit = 5\nstockpile.log.level = debug\nstockpile.host.cells = [a]",
    ];

    public static readonly string[] Nodes =
    [
        "sn,cpu_milli,memory_mib,gpu,model\nn1,1000,1000,8,T4\nn2,64000,262144,1,H800\n",
        "model,gpu,sn,memory_mib,cpu_milli,more\r\nT4,2,\"n-1\",5,6,x\r\n",
    ];

    public static readonly string[] Pods =
    [
        "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,"
            + "scheduled_time\na,1000,1000,1,500,T4|H800,LS,Running,1,100,2\nb,1,1,0,0,,BE,Failed,1,2,\n",
        "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np-1,4000,8192,4,1000\n",
    ];

    /// <summary>The words of the seeds, which are the keys and values of the grammar.</summary>
    public static string[] WordsOf(IEnumerable<string> seeds) =>
        [.. seeds.SelectMany(Harness.TextMutator.Tokens).Where(t => char.IsAsciiLetter(t[0])).Distinct()];
}
