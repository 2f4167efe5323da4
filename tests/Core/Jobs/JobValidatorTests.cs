using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.Tests.Jobs;

public sealed class JobValidatorTests
{
    private static readonly Catalog Catalog = new(
        ["frontier", "standard", "basic"],
        [Model("H800", "frontier", 81_920), Model("A10", "standard", 24_576), Model("T4", "basic", 16_384)]);

    private static readonly Policy Policy = new(
        "test",
        new KindPolicy(["frontier"], []),
        new KindPolicy(["basic", "standard"], ["frontier"]),
        new KindPolicy(["standard"], []));

    private static readonly JobSpec Gang = new()
    {
        Name = "a gang", Kind = JobKind.Training, Devices = 64, PerNode = 8, WorkHours = 100,
        Checkpoint = TimeSpan.FromMinutes(15),
    };

    private static readonly JobSpec Service = new()
    {
        Name = "a service", Kind = JobKind.Inference, ShareMilli = 250, MinReplicas = 0, MaxReplicas = 4,
        Demand = new Demand(1, 2, 12), LatencyClass = "fast",
    };

    private static readonly JobSpec Task = new()
    {
        Name = "tasks", Kind = JobKind.Batch, Tasks = 3, Devices = 1, Duration = TimeSpan.FromHours(1),
    };

    private static readonly JobSpec CpuTask = Task with { Devices = 0, CpuMilli = 500 };

    public static TheoryData<string> Good => [.. GoodSpecs.Keys];

    public static TheoryData<string> Bad => [.. BadSpecs.Keys];

    private static readonly Dictionary<string, JobSpec> GoodSpecs = new()
    {
        ["gang"] = Gang,
        ["largest gang"] = Gang with { Devices = 100_000 },
        ["elastic gang"] = Gang with { MinDevices = 8, MaxDevices = 128 },
        ["gang without checkpoint"] = Gang with { Checkpoint = TimeSpan.Zero },
        ["gang on models"] = Gang with { Models = ["A10", "T4"] },
        ["gang on any known tier"] = Gang with { Tiers = ["basic", "frontier"] },
        ["service by share"] = Service,
        ["service by devices"] = Service with { ShareMilli = 0, Devices = 16, Guest = false },
        ["service without demand"] = Service with { Demand = null },
        ["guest service with a large model"] = Service with { MinMemoryMiB = 81_920 },
        ["tasks"] = Task,
        ["tasks by work"] = Task with { Duration = TimeSpan.Zero, WorkHours = 2 },
        ["tasks by share and work"] =
            Task with { Devices = 0, ShareMilli = 1, Duration = TimeSpan.Zero, WorkHours = 2 },
        ["CPU-only tasks"] = CpuTask,
        ["name with spaces and letters of any script"] = Task with { Name = "夜间 évaluation №1 🚀" },
        ["name with joiners"] = Task with { Name = "آموزش می‌شود क्‍ष 👨‍👩‍👧" },
        ["name of 128 letters that are two halves each"] =
            Task with { Name = string.Concat(Enumerable.Repeat("🚀", 128)) },
        ["no retries"] = Task with { Retries = 0 },
        ["gang with retries"] = Gang with { Retries = 1000 },
        ["demand of a zone"] = Service with { Demand = new Demand(1, 2, 12, Zone: "Asia/Shanghai") },
        ["demand of UTC"] = Service with { Demand = new Demand(1, 2, 12, Zone: "UTC") },
        ["labels"] = Task with { Labels = new Dictionary<string, string> { ["rack"] = "r 1" } },
    };

    private static readonly Dictionary<string, (JobSpec Spec, string Field, string Message)> BadSpecs = new()
    {
        ["no name"] = (Task with { Name = "" }, "name", "'' is not allowed; 1 to 128 printable characters"),
        ["blank name"] = (Task with { Name = "  " }, "name", "'  ' is not allowed"),
        ["null name"] = (Task with { Name = null! }, "name", "'' is not allowed"),
        ["name with a new line"] = (Task with { Name = "a\nb" }, "name", "'a<U+000A>b' is not allowed"),
        ["name that turns the text around"] = (
            Task with { Name = "a\u202eb" }, "name", "'a<U+202E>b' is not allowed, because of the character U+202E"),
        ["name with half a letter"] = (Task with { Name = "a\ud800b" }, "name", "'a<U+D800>b' is not allowed"),
        ["name of 129 letters that are two halves each"] = (
            Task with { Name = string.Concat(Enumerable.Repeat("🚀", 129)) }, "name",
            "(129 characters)' is not allowed, because it has 129 characters; 1 to 128"),
        ["name that cannot be seen"] = (
            Task with { Name = "\u200c \u0301" }, "name", "is not allowed, because nothing of it can be seen"),
        ["retries"] = (Task with { Retries = -1 }, "retries", "-1 is not allowed; 0..1000"),
        ["many retries"] = (Gang with { Retries = 1001 }, "retries", "1001 is not allowed; 0..1000"),
        ["service with retries"] = (Service with { Retries = 1 }, "retries", "does not belong to a job of kind inf"),
        ["huge memory"] = (
            Task with { MemoryMiB = 1_000_000_000_000_000_000 }, "memory",
            "1000000000000000000 is not allowed; 0..1073741824"),
        ["unknown zone"] = (
            Service with { Demand = new Demand(1, 2, 12, Zone: "Asia/Shangai") }, "demand",
            "a zone of 'Asia/Shangai' is not known here; the IANA name of a time zone, such as Asia/Shanghai"),
        ["zone that is a path"] = (
            Service with { Demand = new Demand(1, 2, 12, Zone: "../../etc/passwd") }, "demand", "is not known here"),
        ["zone of the machine"] = (
            Service with { Demand = new Demand(1, 2, 12, Zone: "localtime") }, "demand", "is not known here"),
        ["long name"] = (Task with { Name = new string('x', 1 << 20) }, "name", "(1048576 characters)' is not allowed"),
        ["tenant with a space"] = (Task with { Tenant = "a b" }, "tenant", "'a b' is not allowed"),
        ["kind"] = (Task with { Kind = (JobKind)9 }, "kind", "9 is not a kind"),
        ["priority"] = (Task with { Priority = (Priority)9 }, "priority", "9 is not a priority"),
        ["unknown tier"] =
            (Task with { Tiers = ["top"] }, "tiers", "'top' is not a known tier; frontier, standard, basic"),
        ["unknown model"] = (Task with { Models = ["X"] }, "models", "'X' is not a known model; H800, A10, T4"),
        ["tier twice"] = (Task with { Tiers = ["basic", "basic"] }, "tiers", "'basic' stands twice"),
        ["many tiers"] =
            (Task with { Tiers = [.. Enumerable.Repeat("basic", 33)] }, "tiers", "33 entries are too many"),
        ["tiers and models"] =
            (Task with { Tiers = ["basic"], Models = ["T4"] }, "models", "cannot stand beside tiers"),
        ["negative memory"] = (Task with { MemoryMiB = -1 }, "memory", "-1 is not allowed"),
        ["negative cpu"] = (Task with { CpuMilli = -500 }, "cpu", "-0.5 is not allowed; 0..100000"),
        ["negative min-memory"] = (Task with { MinMemoryMiB = -1 }, "min-memory", "-1 is not allowed"),
        ["memory no allowed model has"] = (Task with { MinMemoryMiB = 24_577 }, "min-memory", "at most 24576MiB"),
        ["memory only guests would have"] =
            (Service with { MinMemoryMiB = 81_920, Guest = false }, "min-memory", "at most 24576MiB"),
        ["many labels"] = (Task with { Labels = Labels(17) }, "labels", "17 labels are too many; at most 16"),
        ["label key"] = (Task with { Labels = new Dictionary<string, string> { ["a b"] = "c" } }, "labels", "'a b'"),
        ["label value"] = (Task with { Labels = new Dictionary<string, string> { ["a"] = "" } }, "labels", "label 'a'"),

        ["gang of none"] = (Gang with { Devices = 0, PerNode = 0 }, "devices", "is missing; 1..100000"),
        ["gang too large"] = (Gang with { Devices = 100_008 }, "devices", "100008 is not allowed; 1..100000"),
        ["gang not of whole nodes"] = (Gang with { Devices = 60 }, "devices", "60 is not a multiple of per-node (8)"),
        ["pod beside a required rack"] = (
            Gang with { TopologyRequired = TopologyLevel.Rack, TopologyPreferred = TopologyLevel.Pod },
            "topology.preferred", "pod says nothing beside the required rack"),
        ["no such level"] = (Gang with { TopologyRequired = (TopologyLevel)7 }, "topology.required", "7 is not a part"),
        ["service with topology"] = (
            Service with { TopologyPreferred = TopologyLevel.Rack }, "topology", "does not belong"),
        ["per-node"] = (Gang with { PerNode = 17, Devices = 34 }, "per-node", "17 is not allowed; 0..16"),
        ["min above devices"] = (Gang with { MinDevices = 72 }, "min-devices", "72 is more than devices (64)"),
        ["max below devices"] = (Gang with { MaxDevices = 8 }, "max-devices", "8 is less than devices (64)"),
        ["min not of whole nodes"] = (Gang with { MinDevices = 12 }, "min-devices", "12 is not a multiple"),
        ["no work"] = (Gang with { WorkHours = 0 }, "work", "is missing; a number of device-hours above 0"),
        ["work not a number"] = (Gang with { WorkHours = double.NaN }, "work", "NaN is not allowed"),
        ["endless work"] = (Gang with { WorkHours = double.PositiveInfinity }, "work", "Infinity is not allowed"),
        ["work of ages"] = (Gang with { WorkHours = 1e12 }, "work", "run longer than 3650 days"),
        ["checkpoint"] = (Gang with { Checkpoint = TimeSpan.FromSeconds(-1) }, "checkpoint", "-1s is not allowed"),
        ["generation"] = (Gang with { Generation = -1 }, "generation", "-1 is not allowed"),
        ["gang by share"] = (Gang with { ShareMilli = 5 }, "share", "does not belong to a job of kind training"),
        ["gang with replicas"] = (Gang with { MaxReplicas = 5 }, "replicas", "does not belong"),
        ["gang with demand"] = (Gang with { Demand = new Demand(1, 1, 0) }, "demand", "does not belong"),
        ["gang with tasks"] = (Gang with { Tasks = 5 }, "tasks", "does not belong"),
        ["gang with duration"] = (Gang with { Duration = TimeSpan.FromHours(1) }, "duration", "does not belong"),
        ["gang with latency class"] = (Gang with { LatencyClass = "x" }, "latency-class", "does not belong"),
        ["gang that is no guest"] = (Gang with { Guest = false }, "guest", "does not belong"),

        ["no replicas"] = (Service with { MaxReplicas = 0 }, "replicas.max", "0 is not allowed; 1..10000"),
        ["min above max"] = (Service with { MinReplicas = 5 }, "replicas.min", "5 is more than replicas.max (4)"),
        ["whole share"] = (Service with { ShareMilli = 1000 }, "share", "1000 is not allowed; 1..999"),
        ["share and devices"] = (Service with { Devices = 1 }, "share", "cannot stand beside devices"),
        ["neither share nor devices"] = (Service with { ShareMilli = 0 }, "devices", "is missing; 1..16"),
        ["replica larger than a node"] =
            (Service with { ShareMilli = 0, Devices = 17 }, "devices", "17 is not allowed"),
        ["negative demand"] = (Service with { Demand = new Demand(-1, 2, 0) }, "demand", "a base of -1"),
        ["demand not a number"] = (Service with { Demand = new Demand(1, double.NaN, 0) }, "demand", "a peak of NaN"),
        ["peak below base"] = (Service with { Demand = new Demand(3, 2, 0) }, "demand", "a peak of 2 is less than"),
        ["weekend"] = (Service with { Demand = new Demand(1, 2, 12, -1) }, "demand", "a weekend of -1"),
        ["serving without demand"] =
            (Service with { Demand = null, Serving = new ServingRate(1, 0, 1) }, "serving", "needs a demand"),
        ["serving nothing"] =
            (Service with { Serving = new ServingRate(0, 0, 1) }, "serving", "requests-per-device of 0"),
        ["decode share"] = (Service with { Serving = new ServingRate(1, 1.5, 1) }, "serving", "a decode-share of 1.5"),
        ["utilisation"] = (Service with { Serving = new ServingRate(1, 0, 0) }, "serving", "a utilisation of 0"),
        ["gang that serves"] = (Gang with { Serving = new ServingRate(1, 0, 1) }, "serving", "does not belong"),
        ["peak-hour"] = (Service with { Demand = new Demand(1, 2, 25) }, "demand", "a peak-hour of 25"),
        ["latency class"] = (Service with { LatencyClass = "a b" }, "latency-class", "'a b' is not allowed"),
        ["service with work"] = (Service with { WorkHours = 1 }, "work", "does not belong to a job of kind inference"),
        ["service with per-node"] = (Service with { PerNode = 8 }, "per-node", "does not belong"),
        ["service with generation"] = (Service with { Generation = 1 }, "generation", "does not belong"),

        ["many tasks"] = (Task with { Tasks = 10_001 }, "tasks", "10001 is not allowed"),
        ["task of nothing"] = (CpuTask with { CpuMilli = 0 }, "devices", "a share of 1..999, or cpu above 0"),
        ["task without an end"] =
            (Task with { Duration = TimeSpan.Zero }, "duration", "is missing; give a duration or work"),
        ["duration and work"] = (Task with { WorkHours = 1 }, "duration", "cannot stand beside work"),
        ["negative duration"] = (Task with { Duration = TimeSpan.FromSeconds(-1) }, "duration", "-1s is not allowed"),
        ["duration of ages"] = (Task with { Duration = TimeSpan.FromDays(3_651) }, "duration", "is not allowed"),
        ["work for a CPU"] =
            (CpuTask with { Duration = TimeSpan.Zero, WorkHours = 1 }, "work", "needs devices or a share"),
        ["negative work"] = (Task with { Duration = TimeSpan.Zero, WorkHours = -1 }, "work", "-1 is not allowed"),
        ["batch with checkpoint"] = (Task with { Checkpoint = TimeSpan.FromHours(1) }, "checkpoint", "does not belong"),
        ["batch with min-devices"] = (Task with { MinDevices = 1 }, "min-devices", "does not belong"),
        ["batch with max-devices"] = (Task with { MaxDevices = 1 }, "max-devices", "does not belong"),
        ["no tasks"] = (Task with { Tasks = 0 }, "tasks", "is missing; 1..10000"),
        ["batch with replicas"] = (Task with { MinReplicas = 1 }, "replicas", "does not belong to a job of kind batch"),
    };

    [Theory]
    [MemberData(nameof(Good))]
    public void A_good_job_is_valid(string name) =>
        Assert.Empty(JobValidator.Validate(GoodSpecs[name], Catalog, Policy));

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_bad_job_is_refused_at_its_field_in_one_line(string name)
    {
        var (spec, field, message) = BadSpecs[name];
        var refusals = JobValidator.Validate(spec, Catalog, Policy);
        Assert.Contains(refusals, r => r.Field == field && r.Message.Contains(message, StringComparison.Ordinal));
        Assert.All(refusals, r =>
        {
            Assert.Equal(Refusal.Invalid, r.Code);
            Assert.DoesNotContain(r.Message, char.IsControl);
            Assert.InRange(r.Message.Length, 1, 300);
        });
    }

    [Fact]
    public void Every_fault_is_reported_once()
    {
        var spec = Gang with { Name = "", Tenant = "", Devices = -1, PerNode = 0, WorkHours = -1, Tasks = 1 };
        var refusals = JobValidator.Validate(spec, Catalog, Policy);
        Assert.Equal(["name", "tenant", "devices", "work", "tasks"], refusals.Select(r => r.Field));
    }

    [Fact]
    public void A_kind_that_the_policy_sends_nowhere_needs_tiers_of_its_own()
    {
        var nowhere = Policy with { Batch = new KindPolicy([], []) };
        Assert.Equal("tiers", Assert.Single(JobValidator.Validate(Task, Catalog, nowhere)).Field);
        Assert.Empty(JobValidator.Validate(Task with { Tiers = ["basic"] }, Catalog, nowhere));
    }

    private static Accelerator Model(string name, string tier, int memory) =>
        new(name, tier, memory, 100, 100, 1_000, 100, "test", Assumed: false);

    private static Dictionary<string, string> Labels(int count) =>
        Enumerable.Range(0, count).ToDictionary(i => $"k{i}", _ => "v");
}
