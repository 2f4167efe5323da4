using System.ComponentModel;
using System.Text.Json.Serialization;
using Stockpile.Core.Jobs;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Scheduler.Api.Contracts;

/// <summary>
/// A job as users send it. Every description ends with what is allowed: the OpenAPI document and the refusal of a
/// wrong value both say it in these words.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record JobRequest
{
    [Description("a text of 1 to 128 printable characters")]
    public string? Name { get; init; }

    [Description("training, inference or batch")]
    [JsonConverter(typeof(LowerCaseEnumConverter<JobKind>))]
    public JobKind? Kind { get; init; }

    [Description("a text of 1 to 128 letters, digits, '-', '_' or '.'")]
    public string? Tenant { get; init; }

    [Description("low, normal, high or critical")]
    [JsonConverter(typeof(LowerCaseEnumConverter<Priority>))]
    public Priority? Priority { get; init; }

    [Description("a list of tier names in order of preference")]
    public IReadOnlyList<string>? Tiers { get; init; }

    [Description("a list of model names in order of preference")]
    public IReadOnlyList<string>? Models { get; init; }

    [Description("device memory: a number of MiB, or a text such as \"20GiB\"")]
    [JsonConverter(typeof(MemoryConverter))]
    public long? MinMemory { get; init; }

    [Description("CPU cores per task: a number, 0 or more")]
    public double? Cpu { get; init; }

    [Description("host memory per task: a number of MiB, or a text such as \"20GiB\"")]
    [JsonConverter(typeof(MemoryConverter))]
    public long? Memory { get; init; }

    [Description("an object of texts: labels a node must have")]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    [Description("devices of the gang, or per replica or task: a whole number, 0 to 100000")]
    public int? Devices { get; init; }

    [Description("devices of the gang on every node: a whole number, 1 to 16")]
    public int? PerNode { get; init; }

    [Description("smallest gang worth starting: a whole number of devices")]
    public int? MinDevices { get; init; }

    [Description("largest gang of use: a whole number of devices")]
    public int? MaxDevices { get; init; }

    [Description("an object {\"required\": \"rack\" or \"pod\", \"preferred\": \"rack\" or \"pod\"}")]
    public TopologyRequest? Topology { get; init; }

    [Description("device-hours on one reference H800: a number above 0")]
    public double? Work { get; init; }

    [Description("interval between checkpoints: a duration such as \"30m\", \"2h\" or \"90s\"")]
    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? Checkpoint { get; init; }

    [Description("model generation it counts for: a whole number, 0 or more")]
    public int? Generation { get; init; }

    [Description("an object {\"min\": number, \"max\": number}")]
    public ReplicaRange? Replicas { get; init; }

    [Description("thousandths of one device per replica or task: a whole number, 1 to 999")]
    public int? Share { get; init; }

    [Description("requests per second: a number, or an object {\"base\": number, \"peak\": number, "
        + "\"peakHour\": number, \"weekend\": number, \"zone\": \"Asia/Shanghai\" or another IANA time zone; UTC "
        + "when left out}")]
    [JsonConverter(typeof(DemandConverter))]
    public Demand? Demand { get; init; }

    [Description("what a replica answers: an object {\"requestsPerDevice\": number, \"decodeShare\": 0 to 1, "
        + "\"utilisation\": above 0 to 1}")]
    public ServingRequest? Serving { get; init; }

    [Description("a text of at most 128 characters")]
    public string? LatencyClass { get; init; }

    [Description("whether it may be a guest on better tiers: true or false")]
    public bool? Guest { get; init; }

    [Description("independent tasks: a whole number, 1 to 10000")]
    public int? Tasks { get; init; }

    [Description("run time of one task: a duration such as \"30m\", \"2h\" or \"90s\"")]
    [JsonConverter(typeof(DurationConverter))]
    public TimeSpan? Duration { get; init; }

    [Description("how often one task may fail and start anew; a gang is one task: a whole number, 0 to 1000")]
    public int? Retries { get; init; }
}

/// <summary>Where in its cell a gang lies.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record TopologyRequest
{
    [Description("rack or pod: the whole gang lies in one, or waits")]
    public string? Required { get; init; }

    [Description("rack or pod: the gang takes as few as it can")]
    public string? Preferred { get; init; }
}

/// <summary>What a replica of a service answers; all three are needed.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ServingRequest
{
    [Description("requests per second that one H800 answers when it is full: a number above 0")]
    public double? RequestsPerDevice { get; init; }

    [Description("share of a request's time that generates tokens: a number, 0 to 1")]
    public double? DecodeShare { get; init; }

    [Description("load at which the latency class still holds: a number above 0, at most 1")]
    public double? Utilisation { get; init; }
}

/// <summary>Fewest and most replicas; the fewest are 0 where they are left out.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ReplicaRange
{
    [Description("a whole number, 0 to 10000")]
    public int? Min { get; init; }

    [Description("a whole number, 1 to 10000")]
    public int? Max { get; init; }
}

/// <summary>Jobs that are validated together, so that nothing is half submitted.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record JobBatchRequest
{
    [Description("a list of 1 to 500 jobs")]
    public IReadOnlyList<JobRequest>? Jobs { get; init; }
}

/// <summary>A simulated fault of one node.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record FaultRequest
{
    [Description("fail, slow or recover")]
    public string? Kind { get; init; }

    [Description("how many times slower: a number above 1 and at most 1000, for slow alone")]
    public double? Factor { get; init; }
}
