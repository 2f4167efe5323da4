using System.Globalization;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Jobs;
using Stockpile.Hosting.Access;
using Stockpile.Inspect.Catalogue;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Endpoints;
using Stockpile.Scheduler.Api.Mapping;
using Stockpile.Scheduler.Routing;
using static Stockpile.Inspect.Palettes.Calls;
using static Stockpile.Inspect.Palettes.Lines;

namespace Stockpile.Inspect.Palettes;

/// <summary><c>job submit</c>: one job by its most used fields, or any jobs as a HOCON or JSON text.</summary>
internal static class JobSubmission
{
    private const string Key = "key";
    private const string Text = "text";
    private const string NumberRule = "a number, 0 or more";
    private const string ReplicasRule = "a number such as 4, or a range such as 2..8";

    private static readonly CommandArgument[] Fields =
    [
        new("kind", "training, inference or batch", "-k"),
        new("name", "Name of the job; by default its kind", "-n"),
        new("tenant", "Whose job it is", "-t"),
        new("priority", "low, normal, high or critical", "-p"),
        new("devices", "Devices of the gang, or per replica or task", "-d"),
        new("share", "Thousandths of one device, 1 to 999, for inference and batch", "-s"),
        new("tier", "Allowed tier; several in order of preference", "-l") { Multiple = true },
        new("model", "Allowed accelerator model; several in order of preference", "-m") { Multiple = true },
        new("cpu", "CPU cores per task", "-c"),
        new("memory", "Host memory per task, such as 20GiB", "-g"),
        new("work", "Training: device-hours on one reference H800", "-w"),
        new("replicas", $"Inference: fewest and most replicas: {ReplicasRule}", "-r"),
        new("demand", "Inference: requests per second", "-q"),
        new("tasks", "Batch: independent tasks", "-a"),
        new("duration", "Batch: run time of one task, such as 2h", "-u"),
        new("retries", "Training and batch: how often the gang, or one task, may fail", "-y"),
    ];

    public static InspectCommand Create(Func<ClusterAccess> cluster) =>
        Command(cluster, "submit", "Submit a job by its fields, or jobs as a text",
        [
            .. Fields,
            new CommandArgument(Text, "Jobs as HOCON or JSON, with every field that job files have", "-f"),
            new CommandArgument(Key, "Makes it repeatable: the same key again gives the same jobs", "-i"),
        ], SubmitAsync) with { Role = AccessRole.Submitter };

    private static async Task SubmitAsync(
        ClusterAccess on, CommandCall call, IAnswer answer, CancellationToken cancel)
    {
        var key = GetKey(call);
        var options = on.Options;
        var requests = Requests(call, options.Catalog, on.Policy);
        var (submissions, refusals) = requests is [var one]
            ? PrepareOne(one, key, options)
            : JobSubmissions.PrepareAll(requests, key, options);
        Refuse(
            [.. refusals.DistinctBy(r => r.Index).Select(r => Named(r.Refusal.ToLine(), requests, r.Index))],
            requests.Count, taken: 0);
        var results = await JobSubmissions.SendAsync(on.Gateway, submissions, SubmitMode.AllOrNothing, cancel);
        var taken = results.Where(r => r.Refusal is null).Select(r => new JobBatchResult(
            r.Job.ToResponse(options, withAllocations: true), null, r.Repeated)).ToList();
        if (taken.Count > 0) await ShowAsync(answer, taken);
        // Where jobs are withheld for the sake of one, that one is the news.
        Refuse(Reasons(results, requests), results.Count, taken.Count);
    }

    private static (List<Submission>, List<(int Index, Refusal Refusal)>) PrepareOne(
        JobRequest request, string key, ApiOptions options)
    {
        var (submission, refusals) = JobSubmissions.Prepare(request, key, options);
        return (submission is null ? [] : [submission], [.. refusals.Select(r => (0, r))]);
    }

    private static Task ShowAsync(IAnswer answer, List<JobBatchResult> taken) => answer.TableAsync(
        ["job", "name", "kind", ">size", "state", "cell", "note"], taken, r =>
        [
            r.Job!.Id, r.Job.Name, r.Job.Kind, JobPalette.Size(r.Job), r.Job.State, r.Job.Cell,
            r.Repeated ? "known already" : r.Job.Reason,
        ]);

    private static List<string> Reasons(IReadOnlyList<SubmitResult> results, List<JobRequest> requests) =>
        [.. results.Select((r, i) => (r.Refusal, Index: i)).Where(r => r.Refusal is { Code: not Refusal.Withheld })
            .Select(r => Named(r.Refusal.ToLine(), requests, r.Index))];

    private static string Named(string reason, List<JobRequest> requests, int index) =>
        requests.Count == 1 ? reason : RefusalMapping.NameOf(requests[index].Name) + reason;

    /// <param name="reasons">One for each job that is refused.</param>
    private static void Refuse(List<string> reasons, int jobs, int taken)
    {
        if (reasons.Count == 0) return;
        var were = reasons.Count == 1 ? "was" : "were";
        var others = taken == 0 ? "none was taken" : $"{taken} taken";
        throw new CommandRefusedException(jobs == 1
            ? reasons[0]
            : $"{reasons.Count} of {jobs} jobs {were} refused and {others}: {reasons[0]}");
    }

    private static string GetKey(CommandCall call)
    {
        var key = call.Find(Key);
        if (key is null) return "";
        return JobSubmissions.IsKey(key) ? key : throw Wrong(Key, key, JobSubmissions.KeyRule);
    }

    private static List<JobRequest> Requests(CommandCall call, Catalog catalog, Policy policy)
    {
        if (call.Find(Text) is not { } text) return [FromFields(call)];
        if (Fields.FirstOrDefault(f => call.Has(f.Name)) is { } field)
            throw new CommandRefusedException($"{field.Name} cannot stand beside {Text}; allowed: one of the two");
        var jobs = JobFile.ParseText(text, catalog, policy, Text);
        return jobs.Count <= SchedulerLimits.JobsPerSubmitMax
            ? [.. jobs.Select(job => job.ToRequest())]
            : throw new CommandRefusedException(
                $"{Text} has {jobs.Count} jobs; allowed: 1 to {SchedulerLimits.JobsPerSubmitMax}");
    }

    private static JobRequest FromFields(CommandCall call)
    {
        var kind = call.FindOneOf("kind", JobEndpoints.Kinds)
            ?? throw new CommandRefusedException($"kind is missing; allowed: {Joined(JobEndpoints.Kinds)}");
        var priority = call.FindOneOf(
            "priority", [.. Enum.GetNames<Priority>().Select(p => p.ToLowerInvariant())]);
        return new JobRequest
        {
            Name = call.Find("name") ?? kind,
            Kind = Enum.Parse<JobKind>(kind, ignoreCase: true),
            Tenant = call.Find("tenant"),
            Priority = priority is null ? null : Enum.Parse<Priority>(priority, ignoreCase: true),
            Tiers = Given(call.All("tier")),
            Models = Given(call.All("model")),
            Devices = call.FindInt("devices", 0, Limits.GangDevicesMax),
            Share = call.FindInt("share", 1, Limits.MilliPerDevice - 1),
            Cpu = call.FindNumber("cpu", NumberRule),
            Memory = call.FindMemory("memory"),
            Work = call.FindNumber("work", "a number above 0"),
            Replicas = Replicas(call),
            Demand = call.FindNumber("demand", NumberRule) is { } rate ? new Demand(rate, rate, 0) : null,
            Tasks = call.FindInt("tasks", 1, Limits.TasksPerJobMax),
            Duration = call.FindDuration("duration"),
            Retries = call.FindInt("retries", 0, Limits.RetriesMax),
        };
    }

    private static string[]? Given(IEnumerable<string> values) => values.ToArray() is [_, ..] given ? given : null;

    private static ReplicaRange? Replicas(CommandCall call)
    {
        if (call.Find("replicas") is not { } text) return null;
        var ends = text.Split("..");
        return ends.Length <= 2 && Whole(ends[0], out var min) && Whole(ends[^1], out var max)
            ? new ReplicaRange { Min = min, Max = max }
            : throw Wrong("replicas", text, ReplicasRule);
    }

    private static bool Whole(string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
