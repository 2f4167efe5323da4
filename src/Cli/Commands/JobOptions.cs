using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Stockpile.Core.Jobs;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Cli.Commands;

/// <summary>The fields of a job as options, with the names and units of the files.</summary>
internal sealed class JobOptions
{
    private readonly List<Option> _all = [];
    private readonly Option<string?> _name;
    private readonly Option<string?> _kind;
    private readonly Option<string?> _tenant;
    private readonly Option<string?> _priority;
    private readonly Option<string[]?> _tiers;
    private readonly Option<string[]?> _models;
    private readonly Option<long?> _minMemory;
    private readonly Option<double?> _cpu;
    private readonly Option<long?> _memory;
    private readonly Option<string[]?> _label;
    private readonly Option<int?> _devices;
    private readonly Option<int?> _perNode;
    private readonly Option<int?> _minDevices;
    private readonly Option<int?> _maxDevices;
    private readonly Option<double?> _work;
    private readonly Option<TimeSpan?> _checkpoint;
    private readonly Option<int?> _generation;
    private readonly Option<ReplicaRange?> _replicas;
    private readonly Option<int?> _share;
    private readonly Option<Demand?> _demand;
    private readonly Option<ServingRequest?> _serving;
    private readonly Option<string?> _latencyClass;
    private readonly Option<bool?> _guest;
    private readonly Option<int?> _tasks;
    private readonly Option<TimeSpan?> _duration;
    private readonly Option<int?> _retries;

    public JobOptions()
    {
        _kind = Plain<string?>("--kind", "training, inference or batch");
        _kind.AcceptOnlyFromAmong("training", "inference", "batch");
        _name = Plain<string?>("--name", "Name of the job; by default its kind");
        _tenant = Plain<string?>("--tenant", "Whose job it is");
        _priority = Plain<string?>("--priority", "low, normal, high or critical");
        _priority.AcceptOnlyFromAmong("low", "normal", "high", "critical");
        _tiers = List("--tiers", "Allowed tiers in order of preference, separated by commas");
        _models = List("--models", "Allowed models in order of preference, separated by commas");
        _minMemory = Parsed<long?>("--min-memory", "Least device memory, such as 20GiB", Memory);
        _cpu = Plain<double?>("--cpu", "CPU cores per task");
        _memory = Parsed<long?>("--memory", "Host memory per task, such as 20GiB", Memory);
        _label = Plain<string[]?>("--label", "Label a node must have, name=value; may be repeated");
        _devices = Plain<int?>("--devices", "Devices of the gang, or per replica or task");
        _perNode = Plain<int?>("--per-node", "Training: devices on every node of the gang");
        _minDevices = Plain<int?>("--min-devices", "Training: smallest gang worth starting");
        _maxDevices = Plain<int?>("--max-devices", "Training: largest gang of use");
        _work = Plain<double?>("--work", "Training: device-hours on one reference H800");
        _checkpoint = Parsed<TimeSpan?>(
            "--checkpoint", "Training: interval between checkpoints, such as 30m", Duration);
        _generation = Plain<int?>("--generation", "Training: model generation it counts for");
        _replicas = Parsed<ReplicaRange?>("--replicas", "Inference: fewest and most replicas, such as 2..8", Replicas);
        _share = Plain<int?>("--share", "Inference and batch: thousandths of one device, 1 to 999");
        _demand = Parsed<Demand?>(
            "--demand", "Inference: requests per second, such as 50, or 20..80@14 (peak at 14:00 UTC), or "
                + "\"20..80@14 Asia/Shanghai\"", DailyDemand);
        _serving = Parsed<ServingRequest?>(
            "--serving", "Inference: requests/s of one H800, decode share, utilisation, such as 1.6,0.3,0.7", Serving);
        _latencyClass = Plain<string?>("--latency-class", "Inference: latency class, kept with the job");
        _guest = Plain<bool?>("--guest", "Inference and batch: may be a guest on better tiers (true or false)");
        _tasks = Plain<int?>("--tasks", "Batch: independent tasks");
        _duration = Parsed<TimeSpan?>("--duration", "Batch: run time of one task, such as 2h", Duration);
        _retries = Plain<int?>(
            "--retries", "Training and batch: how often the gang, or one task, may fail; 6 by default");
    }

    public void AddTo(Command command)
    {
        foreach (var option in _all) command.Add(option);
    }

    /// <summary>The first option that was given, null when none was.</summary>
    public string? FirstGiven(ParseResult parsed) => _all.Find(o => parsed.GetResult(o) is { Implicit: false })?.Name;

    public JobRequest ToRequest(ParseResult parsed)
    {
        var kind = parsed.GetValue(_kind)
            ?? throw new CliException(ExitCodes.Usage, "--kind is missing; allowed: training, inference, batch");
        return new JobRequest
        {
            Name = parsed.GetValue(_name) ?? kind,
            Kind = Enum.Parse<JobKind>(kind, ignoreCase: true),
            Tenant = parsed.GetValue(_tenant),
            Priority = parsed.GetValue(_priority) is { } priority
                ? Enum.Parse<Priority>(priority, ignoreCase: true)
                : null,
            Tiers = Given(parsed, _tiers),
            Models = Given(parsed, _models),
            MinMemory = parsed.GetValue(_minMemory),
            Cpu = parsed.GetValue(_cpu),
            Memory = parsed.GetValue(_memory),
            Labels = Labels(Given(parsed, _label)),
            Devices = parsed.GetValue(_devices),
            PerNode = parsed.GetValue(_perNode),
            MinDevices = parsed.GetValue(_minDevices),
            MaxDevices = parsed.GetValue(_maxDevices),
            Work = parsed.GetValue(_work),
            Checkpoint = parsed.GetValue(_checkpoint),
            Generation = parsed.GetValue(_generation),
            Replicas = parsed.GetValue(_replicas),
            Share = parsed.GetValue(_share),
            Demand = parsed.GetValue(_demand),
            Serving = parsed.GetValue(_serving),
            LatencyClass = parsed.GetValue(_latencyClass),
            Guest = parsed.GetValue(_guest),
            Tasks = parsed.GetValue(_tasks),
            Duration = parsed.GetValue(_duration),
            Retries = parsed.GetValue(_retries),
        };
    }

    private Option<T> Plain<T>(string name, string description)
    {
        var option = new Option<T>(name) { Description = description };
        _all.Add(option);
        return option;
    }

    private Option<T> Parsed<T>(string name, string description, Func<ArgumentResult, T> parse)
    {
        var option = new Option<T>(name) { Description = description, CustomParser = parse };
        _all.Add(option);
        return option;
    }

    private Option<string[]?> List(string name, string description) => Parsed<string[]?>(name, description, result =>
        [.. result.Tokens.SelectMany(t =>
            t.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))]);

    private static string[]? Given(ParseResult parsed, Option<string[]?> option) =>
        parsed.GetValue(option) is { Length: > 0 } values ? values : null;

    private static long? Memory(ArgumentResult result)
    {
        if (Quantities.TryParseMemory(result.Tokens[0].Value, out var size)) return size;
        return Refuse<long?>(result, Quantities.MemoryRule);
    }

    private static TimeSpan? Duration(ArgumentResult result)
    {
        if (Quantities.TryParseDuration(result.Tokens[0].Value, out var duration)) return duration;
        return Refuse<TimeSpan?>(result, Quantities.DurationRule);
    }

    private static ReplicaRange? Replicas(ArgumentResult result)
    {
        var ends = result.Tokens[0].Value.Split("..");
        var isRange = ends.Length is 1 or 2;
        if (isRange && Whole(ends[0], out var min) && Whole(ends[^1], out var max))
            return new ReplicaRange { Min = min, Max = max };
        return Refuse<ReplicaRange?>(result, "a number such as 4, or a range such as 2..8");
    }

    private static Demand? DailyDemand(ArgumentResult result)
    {
        var words = result.Tokens[0].Value.Split(' ', 2, StringSplitOptions.TrimEntries);
        var parts = words[0].Split('@');
        var ends = parts[0].Split("..");
        var hour = 0d;
        if (parts.Length <= 2 && ends.Length <= 2 && Real(ends[0], out var low) && Real(ends[^1], out var peak)
            && (parts.Length == 1 || Real(parts[1], out hour)))
        {
            return new Demand(low, peak, hour, Zone: words.Length > 1 ? words[1] : "");
        }

        return Refuse<Demand?>(result, "a number such as 50, or 20..80@14 for base, peak and the hour of the peak, and "
            + "a time zone after a space, such as 20..80@14 Asia/Shanghai");
    }

    private static ServingRequest? Serving(ArgumentResult result)
    {
        var parts = result.Tokens[0].Value.Split(',');
        if (parts.Length == 3 && Real(parts[0], out var requests) && Real(parts[1], out var decode)
            && Real(parts[2], out var load))
            return new ServingRequest { RequestsPerDevice = requests, DecodeShare = decode, Utilisation = load };
        return Refuse<ServingRequest?>(result, "three numbers such as 1.6,0.3,0.7: requests per second of one H800, "
            + "share of a request's time that generates tokens, utilisation");
    }

    private static Dictionary<string, string>? Labels(string[]? texts)
    {
        if (texts is null) return null;
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var mark = text.IndexOf('=', StringComparison.Ordinal);
            if (mark <= 0 || !labels.TryAdd(text[..mark], text[(mark + 1)..]))
                throw new CliException(ExitCodes.Usage, $"--label is {text}; allowed: name=value, every name once");
        }

        return labels;
    }

    private static bool Whole(string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static bool Real(string text, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);

    private static T? Refuse<T>(ArgumentResult result, string allowed)
    {
        var option = (result.Parent as OptionResult)?.Option.Name ?? result.Argument.Name;
        result.AddError($"{option} is {result.Tokens[0].Value}; allowed: {allowed}");
        return default;
    }
}
