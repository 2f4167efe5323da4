using System.Reflection;
using System.Text.Json;
using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Jobs;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Configuration;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Api.Json;
using Stockpile.Scheduler.Api.Mapping;

namespace Stockpile.Cli.Tests;

/// <summary>
/// What a field of a job has to pass: files, requests, the wire, answers, and the class by which jobs that are alike
/// wait together. A field that one of them forgets fails here; a new one fails until it has a line in this test.
/// </summary>
public sealed class JobFieldTests
{
    private const string Gang = "name = j; kind = training; devices = 16; work = 8";
    private const string Service = "name = j; kind = inference; devices = 1; replicas { min = 1, max = 4 }";
    private const string Array = "name = j; kind = batch; devices = 1; tasks = 4; duration = 1h";

    /// <summary>Fields that say nothing of where a job may be placed: jobs that differ in them alone are alike, and
    /// wait in one class.</summary>
    private static readonly string[] NotOfTheClass =
    [
        // Names, and what is kept by tenant within the class.
        "Name", "Tenant",
        // How long it runs and how much of it there is: each job of a class is looked at for itself.
        "WorkHours", "Duration", "Checkpoint", "Tasks", "MinReplicas", "MaxReplicas", "Demand", "Serving", "Retries",
        "Generation", "LatencyClass",
    ];

    private static readonly Catalog Catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));
    private static readonly Policy Policy = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), Catalog);

    private static readonly ApiOptions Options = new()
    {
        Catalog = Catalog, Validate = spec => JobValidator.Validate(spec, Catalog, Policy),
        ToWire = spec => spec.ToWire(), FromWire = msg => msg.FromWire(),
    };

    /// <summary>Field, a job, and what is said of it otherwise.</summary>
    public static TheoryData<string, string, string> Fields => new()
    {
        { "Name", Gang, "name = other" },
        { "Kind", Gang, "kind = batch; tasks = 1; devices = 8" },
        { "Tenant", Gang, "tenant = other" },
        { "Priority", Gang, "priority = high" },
        { "Tiers", Gang, "tiers = [advanced]" },
        { "Models", Gang, "models = [H800]" },
        { "MinMemoryMiB", Gang, "min-memory = 80GiB" },
        { "CpuMilli", Gang, "cpu = 2" },
        { "MemoryMiB", Gang, "memory = 3GiB" },
        { "Labels", Gang, "labels { zone = a }" },
        { "Devices", Gang, "devices = 8" },
        { "ShareMilli", Array, "devices = 0; share = 250" },
        { "PerNode", Gang, "per-node = 8" },
        { "MinDevices", Gang, "min-devices = 8" },
        { "MaxDevices", Gang, "max-devices = 32" },
        { "TopologyRequired", Gang, "topology { required = rack }" },
        { "TopologyPreferred", Gang, "topology { preferred = pod }" },
        { "WorkHours", Gang, "work = 16" },
        { "Checkpoint", Gang, "checkpoint = 10m" },
        { "Generation", Gang, "generation = 3" },
        { "MinReplicas", Service, "replicas { min = 2, max = 4 }" },
        { "MaxReplicas", Service, "replicas { min = 1, max = 5 }" },
        { "Demand", Service, "demand { base = 1, peak = 4, peak-hour = 15, weekend = 0.5, zone = \"Asia/Shanghai\" }" },
        {
            "Serving", Service,
            "demand = 5; serving { requests-per-device = 2, decode-share = 0.5, utilisation = 0.8 }"
        },
        { "LatencyClass", Service, "latency-class = chat" },
        { "Guest", Service, "guest = false" },
        { "Tasks", Array, "tasks = 5" },
        { "Duration", Array, "duration = 2h" },
        { "Retries", Array, "retries = 2" },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public void A_field_is_forgotten_nowhere(string field, string job, string change)
    {
        var (before, after) = (Read(job), Read(job, change));
        var property = typeof(JobSpec).GetProperty(field)!;
        Assert.False(Same(property.GetValue(before), property.GetValue(after)), "a file does not tell it");
        Assert.False(JobSpecs.Same(before, after), "a repeated submission would not see the difference");
        Assert.True(JobSpecs.Same(after, after.ToRequest().ToSpec().Spec!), "a request does not tell it");
        Assert.True(JobSpecs.Same(after, JobSpecMsg.Parser.ParseFrom(Bytes(after)).FromWire()), "the wire loses it");
        Assert.False(Answer(before) == Answer(after), "an answer does not tell it");
        var isOfTheClass = !NotOfTheClass.Contains(field);
        Assert.True(ClassOf(before) != ClassOf(after) == isOfTheClass, isOfTheClass
            ? "jobs that differ in it wait in one class, where one that finds no room speaks for the others"
            : "jobs that differ in it alone do not wait in one class");
    }

    /// <summary>A new field is one that no line above names.</summary>
    [Fact]
    public void Every_field_has_a_line() => Assert.Equal(
        typeof(JobSpec).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.SetMethod is not null).Select(p => p.Name).Order(StringComparer.Ordinal),
        Fields.Select(row => row.Data.Item1).Order(StringComparer.Ordinal));

    /// <summary>Of a key that is said twice the last one counts.</summary>
    private static JobSpec Read(params string[] texts)
    {
        var keys = texts.SelectMany(text => text.Split(';', StringSplitOptions.TrimEntries))
            .GroupBy(entry => entry.Split(' ')[0]).Select(entries => entries.Last());
        return JobFile.ParseText($"jobs = [ {{ {string.Join('\n', keys)} }} ]", Catalog, Policy).Single();
    }

    private static bool Same(object? a, object? b) => JsonSerializer.Serialize(a) == JsonSerializer.Serialize(b);

    private static byte[] Bytes(JobSpec spec) => Google.Protobuf.MessageExtensions.ToByteArray(spec.ToWire());

    private static string Answer(JobSpec spec)
    {
        var view = new JobView { Id = "north-1", Cell = "north", State = "pending", Spec = spec.ToWire() };
        return JsonSerializer.Serialize(view.ToResponse(Options, withAllocations: true), ApiJson.Options);
    }

    /// <summary>The class of a job that waits in a cell where it could run one day, with room for none.</summary>
    private static string ClassOf(JobSpec spec)
    {
        var state = new CellState("north", Catalog, Policy);
        var round = new RoundWriter(state, DateTimeOffset.UnixEpoch);
        round.Run(new RaiseEpoch());
        foreach (var accelerator in Catalog.Models.Where(m => !m.IsVariant))
            for (var i = 0; i < 8; i++)
                round.Run(new AdmitNode(
                    new NodeAdmitted($"{accelerator.Model}-{i}", "host", 1, accelerator.Model, 8, 64_000, 1 << 20,
                        new Dictionary<string, string>
                        {
                            ["zone"] = "a", ["rack"] = "r", ["pod"] = "p", ["topology.rack"] = "r",
                        }), []));
        var decision = round.Run(new SubmitJob("", spec));
        Assert.True(decision is Accepted, $"{decision}");
        return state.Jobs.Values.Single().Class.Key;
    }
}
