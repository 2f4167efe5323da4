using Akka.Actor;
using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Routing;

/// <summary>
/// New jobs: keys are looked up in every cell, because the fleet may have changed since a key was used; unknown jobs
/// go to the home that <see cref="HomeCells"/> picks.
/// </summary>
public sealed partial class RouterShell
{
    private void OnSubmit(Submit submit, IActorRef client)
    {
        if (_silent?.Where(cell => !IsStopped(cell)).Order(StringComparer.Ordinal).ToList() is not { Count: 0 })
        {
            // A key may be known to a cell that has not spoken yet.
            client.Tell(new Status.Failure(WhySilent()), ports.Self);
            return;
        }

        if (Serving().Count == 0 && AllDown() is [var first, ..])
        {
            client.Tell(new Status.Failure(Unavailable(first)), ports.Self);
            return;
        }

        if (_cells.Count == 0)
        {
            client.Tell(new Status.Failure(Unavailable(
                "no cell is known yet: no node has joined", nothingTaken: true)), ports.Self);
            return;
        }

        var keys = submit.Jobs.Where(job => job.Key.Length > 0).Select(job => job.Key).ToList();
        if (keys.Count == 0)
        {
            Route(submit, client, NoHomes, fresh: false);
            return;
        }

        Task.WhenAll(KeyHolders().Select(cell => AskCell(new FindKeys { Cell = cell, Keys = { keys } }))).PipeTo(
            ports.Self, client,
            success: replies => new Again(submit, client, [], Homes(replies.Cast<FindKeysReply>())),
            failure: fault => new Refused(client, fault));
    }

    private ClusterUnavailableException WhySilent()
    {
        if (_silent is null) return Unavailable("the cells of the journal are being looked up", nothingTaken: true);
        var silent = _silent.Where(cell => !IsStopped(cell)).Order(StringComparer.Ordinal).ToList();
        return silent.Select(Down).OfType<CellDown>().FirstOrDefault() is { } down
            ? Unavailable(down)
            : Unavailable($"cells are starting: {string.Join(", ", silent)}", nothingTaken: true);
    }

    private static Dictionary<string, string> Homes(IEnumerable<FindKeysReply> replies)
    {
        var homes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var reply in replies)
            foreach (var key in reply.Known)
                homes.TryAdd(key, reply.Cell);
        return homes;
    }

    /// <param name="fresh">
    /// The cells were asked just now: a refusal holds. Else they are asked before one is given, because a digest may
    /// be older than the nodes it lacks.
    /// </param>
    private void Route(
        Submit submit, IActorRef client, IReadOnlyDictionary<string, string> homes, bool fresh)
    {
        var results = new SubmitResult[submit.Jobs.Count];
        var serving = Serving();
        var down = AllDown();
        var byCell = new SortedDictionary<string, (SubmitJobs Message, List<int> Positions)>(StringComparer.Ordinal);
        for (var i = 0; i < results.Length; i++)
        {
            var submission = submit.Jobs[i];
            var spec = submission.Spec.FromWire();
            var (cell, refusal) = homes.TryGetValue(submission.Key, out var home)
                ? (home, null)
                : HomeCells.Choose(
                    spec, submission.Key, submission.Key.Length > 0 ? KeyHomes() : serving, _routed, options.Catalog,
                    options.Policy);
            if (refusal is not null && !fresh && serving.Count > 0)
            {
                AskAgain(submit, client, homes);
                return;
            }

            // A cell that does not serve now might have had room for it.
            if (refusal is not null && down.Count > 0)
                refusal = new Refusal(Refusal.Unavailable, "",
                    $"no cell that serves could run it, and {string.Join("; ", down.Select(d => d.Message))}");
            if (refusal is not null)
            {
                results[i] = new SubmitResult { Refusal = ToWire(refusal) };
                continue;
            }

            if (!byCell.TryGetValue(cell!, out var batch))
                byCell.Add(cell!, batch = (new SubmitJobs { Cell = cell }, []));
            batch.Message.Jobs.Add(submission.Key.Length > 0
                ? submission
                : new Submission { Key = OwnKeyPrefix + ports.NewKey(), Spec = submission.Spec });
            batch.Positions.Add(i);
            if (submit.Mode == SubmitMode.DryRun) continue;
            var milli = spec.ShareMilli > 0 ? spec.ShareMilli : (long)spec.Devices * Limits.MilliPerDevice;
            _routed[cell!] = _routed.GetValueOrDefault(cell!) + milli * (spec.Kind == JobKind.Training
                ? 1
                : spec.TaskCount);
        }

        var batches = byCell.Values.ToList();
        (submit.Mode == SubmitMode.Each ? SendAll(batches, results) : Checked(submit.Mode, batches, results))
            .PipeTo(client);
    }

    private void AskAgain(Submit submit, IActorRef client, IReadOnlyDictionary<string, string> homes) =>
        Task.WhenAll(Serving().Select(view => AskCell(new GetCell { Cell = view.Cell }))).PipeTo(
            ports.Self, client,
            success: views => new Again(submit, client, [.. views.Cast<CellView>()], homes),
            failure: fault => new Refused(client, fault));

    /// <summary>All or nothing: the cells look at their jobs first, and one refusal withholds the rest.</summary>
    private async Task<SubmitJobsReply> Checked(
        SubmitMode mode, List<(SubmitJobs Message, List<int> Positions)> batches, SubmitResult[] results)
    {
        foreach (var (message, _) in batches)
        {
            message.DryRun = true;
            message.WhatIf = mode == SubmitMode.DryRun;
        }

        var check = await SendAll(batches, results).ConfigureAwait(false);
        if (check.Results.Any(r => r.Refusal is not null))
        {
            foreach (var result in check.Results)
                result.Refusal ??= ToWire(new Refusal(Refusal.Withheld, "",
                    "not taken, because another job of the request was refused"));
            return check;
        }

        if (mode == SubmitMode.DryRun) return check;
        foreach (var (message, _) in batches) message.DryRun = false;
        return await SendAll(batches, results).ConfigureAwait(false);
    }

    private async Task<SubmitJobsReply> SendAll(
        List<(SubmitJobs Message, List<int> Positions)> batches, SubmitResult[] results)
    {
        // A message may be sent twice, first as a dry run; the first may still be under way, so each is a copy.
        await Task.WhenAll(batches.Select(async batch =>
        {
            var reply = (SubmitJobsReply)await AskCell(batch.Message.Clone()).ConfigureAwait(false);
            for (var i = 0; i < batch.Positions.Count; i++)
                results[batch.Positions[i]] = await Followed(reply.Results[i]).ConfigureAwait(false);
        })).ConfigureAwait(false);
        var all = new SubmitJobsReply();
        all.Results.AddRange(results);
        return all;
    }

    /// <summary>A repeated submission of a job that went to another cell gets the answer from there.</summary>
    private async Task<SubmitResult> Followed(SubmitResult result)
    {
        if (result.Job is not { ForwardedTo.Length: > 0 } moved) return result;
        var there = new GetJob { Cell = moved.ForwardedTo, Origin = moved.Id };
        if (await AskCell(there).ConfigureAwait(false) is JobReply { Job: { } job }) result.Job = job;
        return result;
    }

    private static RefusalMsg ToWire(Refusal refusal) =>
        new() { Code = refusal.Code, Field = refusal.Field, Message = refusal.Message };
}
