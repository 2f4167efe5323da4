using System.Globalization;
using Stockpile.Core;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Mapping;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Api;

/// <summary>From the jobs that users ask for to what the cells take, for every face of the cluster.</summary>
internal static class JobSubmissions
{
    /// <summary>Room for <c>/499</c>, the number of a job in a batch.</summary>
    private const int KeyCharsMax = Limits.NameCharsMax - 4;

    /// <summary>The rule of <see cref="IsKey"/> in words.</summary>
    public static string KeyRule { get; } = $"1 to {KeyCharsMax} printable ASCII characters without spaces, "
        + $"not beginning with {RouterEngine.OwnKeyPrefix}";

    /// <summary>Whether a user may choose this idempotency key.</summary>
    public static bool IsKey(string key) =>
        key.Length is > 0 and <= KeyCharsMax && key.All(c => c is > ' ' and <= '~')
        && !key.StartsWith(RouterEngine.OwnKeyPrefix, StringComparison.Ordinal);

    /// <summary>The submission, or what is wrong with the job, by the fields' names in files.</summary>
    /// <param name="key">Empty: none.</param>
    public static (Submission? Submission, IReadOnlyList<Refusal> Refusals) Prepare(
        JobRequest? request, string key, ApiOptions options)
    {
        if (request is null) return (null, [new Refusal(Refusal.Invalid, "", "the job is null; allowed: an object")]);
        var (spec, refusals) = request.ToSpec();
        refusals ??= options.Validate(spec!);
        return refusals.Count > 0 ? (null, refusals) : (new Submission { Key = key, Spec = options.ToWire(spec!) }, []);
    }

    /// <summary>All jobs of a request; the key of each is the request's and its number.</summary>
    /// <returns>The submissions, and every refusal with the index of its job.</returns>
    public static (List<Submission> Submissions, List<(int Index, Refusal Refusal)> Refusals) PrepareAll(
        IReadOnlyList<JobRequest> jobs, string key, ApiOptions options)
    {
        var submissions = new List<Submission>(jobs.Count);
        var faults = new List<(int, Refusal)>();
        for (var i = 0; i < jobs.Count; i++)
        {
            var own = key.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{key}/{i}");
            var (submission, refusals) = Prepare(jobs[i], own, options);
            if (submission is not null) submissions.Add(submission);
            foreach (var refusal in refusals) faults.Add((i, refusal));
        }

        return (submissions, faults);
    }

    /// <summary>The answers, one per job and in their order.</summary>
    public static async Task<IReadOnlyList<SubmitResult>> SendAsync(
        IStockpileGateway gateway, List<Submission> jobs, SubmitMode mode, CancellationToken cancel)
    {
        var reply = await gateway.SubmitAsync(jobs, mode, cancel);
        return reply.Results.Count == jobs.Count
            ? reply.Results
            : throw new InvalidOperationException($"{jobs.Count} jobs got {reply.Results.Count} answers");
    }
}
