using System.Text.Json;
using Stockpile.Core.Jobs;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Json;
using Stockpile.Scheduler.Api.Mapping;

namespace Stockpile.Cli.Jobs;

/// <summary>Reads one job, or <c>{"jobs": [...]}</c>, from a JSON file, until the reader of HOCON files is here.</summary>
public sealed class FileJobReader : IJobReader
{
    public IReadOnlyList<JobSpec> Read(string source)
    {
        try
        {
            var bytes = File.ReadAllBytes(source);
            using var document = JsonDocument.Parse(bytes);
            var isList = document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("jobs", out _);
            var jobs = isList
                ? document.Deserialize<JobBatchRequest>(ApiJson.Options)?.Jobs ?? []
                : [document.Deserialize<JobRequest>(ApiJson.Options)!];
            return [.. jobs.Select(job => job.ToSpec() is { Spec: { } spec } ? spec
                : throw new CliException(ExitCodes.Refused, $"{source}: {job.ToSpec().Refusals![0].Message}"))];
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCodes.Refused, $"{source}: {fault.Message}");
        }
    }
}
