using System.CommandLine;
using Stockpile.Cli.Client;
using Stockpile.Cli.Output;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Json;
using Stockpile.Scheduler.Api.Mapping;

namespace Stockpile.Cli.Commands;

/// <summary><c>stockpile submit FILE…</c> or <c>stockpile submit --kind …</c></summary>
internal static class SubmitCommand
{
    public static Command Create(CliContext context)
    {
        var verb = new ClientVerb(context, "submit", "Submit jobs from files, or one job given by options");
        var files = new Argument<string[]>("file")
        {
            Description = "Job files (HOCON or JSON), or openb:FILE for a trace",
            Arity = ArgumentArity.ZeroOrMore,
        };
        // Whatever is no option would otherwise be taken for the name of a file.
        files.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(t => t.Value.StartsWith('-')) is { } token)
                result.AddError($"{token.Value} is no option");
        });
        var job = new JobOptions();
        var key = new Option<string?>("--key")
        {
            Description = "Makes it repeatable: the same key again gives the same jobs",
        };
        var wait = new Option<string?>("--wait") { Description = "Wait until every job is placed, or done" };
        wait.AcceptOnlyFromAmong("placed", "done");
        var timeout = new Option<TimeSpan?>("--timeout")
        {
            Description = "Longest wait in real time, such as 5m; by default there is no limit",
            CustomParser = result =>
            {
                if (Quantities.TryParseDuration(result.Tokens[0].Value, out var limit)) return limit;
                result.AddError($"--timeout is {result.Tokens[0].Value}; allowed: {Quantities.DurationRule}");
                return null;
            },
        };
        var dryRun = new Option<bool>("--dry-run")
        {
            Description = "Only say where the jobs would go, and what they would push aside; nothing is submitted",
        };
        verb.Command.Add(files);
        job.AddTo(verb.Command);
        verb.Command.Add(key);
        verb.Command.Add(wait);
        verb.Command.Add(timeout);
        verb.Command.Add(dryRun);
        return verb.Runs(async (parsed, session, cancel) =>
        {
            var jobs = Jobs(parsed, parsed.GetValue(files) ?? [], job, context);
            // A key of our own makes our repeats safe: a request whose answer was lost is not submitted twice.
            var submitter = new Submitter(session.Client, parsed.GetValue(key) ?? $"cli-{Guid.NewGuid():N}");
            if (parsed.GetValue(dryRun))
            {
                if (parsed.GetValue(wait) is not null)
                    throw new CliException(ExitCodes.Usage, "--wait cannot stand beside --dry-run");
                var foreseen = await submitter.DryRunAsync(jobs, cancel);
                if (session.Json) session.Screen.Json(new { DryRun = true, Results = foreseen });
                else WhyViews.WhatIf(session.Screen, foreseen);
                return ExitCodes.Done;
            }

            var results = await submitter.SubmitAsync(jobs, cancel);
            var waitFor = parsed.GetValue(wait);
            var waited = waitFor is null
                ? results
                : await new JobWait(session.Client, context, waitFor, parsed.GetValue(timeout))
                    .ForAsync(results, cancel);
            if (session.Json) session.Screen.Json(new { submitter.Key, Results = waited });
            else JobViews.Submitted(session.Screen, waited);
            return Outcome(waited, waitFor);
        });
    }

    private static List<JobRequest> Jobs(
        ParseResult parsed, string[] files, JobOptions options, CliContext context)
    {
        var given = options.FirstGiven(parsed);
        if (files.Length == 0) return [options.ToRequest(parsed)];
        if (given is not null)
            throw new CliException(ExitCodes.Usage, $"{given} cannot stand beside files; allowed: one of the two");
        // All files are read before the first job is sent, so that a bad one stops everything.
        var jobs = files.SelectMany(context.Jobs.Read).Select(spec => spec.ToRequest()).ToList();
        return jobs.Count > 0
            ? jobs
            : throw new CliException(ExitCodes.Refused, $"there is no job in {string.Join(", ", files)}");
    }

    private static int Outcome(IReadOnlyList<JobBatchResult> results, string? waitFor)
    {
        var refused = results.Where(r => r.Error is not null).ToList();
        if (refused.Count > 0)
        {
            throw new CliException(ExitCodes.Refused, results.Count == 1
                ? refused[0].Error!.Detail
                : $"{refused.Count} of {results.Count} jobs were refused, the first: {refused[0].Error!.Detail}");
        }

        var ended = results.Where(r => waitFor is not null && r.Job?.State is "failed" or "cancelled").ToList();
        return ended.Count == 0
            ? ExitCodes.Done
            : throw new CliException(ExitCodes.Refused,
                $"{ended[0].Job!.Id} is {ended[0].Job!.State}: {ended[0].Job!.Reason ?? "no reason given"}");
    }
}
