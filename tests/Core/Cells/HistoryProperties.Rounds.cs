using Stockpile.Core.Commands;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells.Oracles;
using Check = System.Func<System.Collections.Generic.IEnumerable<string>>;

namespace Stockpile.Core.Tests.Cells;

/// <summary>Those of what a round did, and of its commands.</summary>
public static partial class HistoryProperties
{
    private static Check No_accepted_job_is_ever_lost(CellHistory history, Tally tally)
    {
        var log = new EventLog();
        return () =>
        {
            foreach (var told in history.Told)
                if (told.Command is SubmitJob)
                    tally.See(told.Decision switch
                    {
                        Accepted => "accepted",
                        Rejected => "refused",
                        _ => "repeated",
                    });
            foreach (var committed in history.Round?.Events ?? []) log.Take(committed);
            foreach (var job in history.State.Jobs.Values)
            {
                tally.See(job.Phase.ToString());
                if (job.Origin.Length > 0) tally.See(job.Held ? "held" : "adopted");
            }

            if (history.Round?.Events.Any(e => e is AdoptionDropped) == true) tally.See("dropped");
            return NoLostJob.Complaints(history.State).Concat(log.CounterComplaints(history.State));
        };
    }

    private static Check The_rounds_give_the_same_state_on_every_machine_and_from_every_snapshot(
        CellHistory history, Tally tally)
    {
        List<CellState> copies = [new CellState("north", RandomFleet.Catalog, history.Policy)];
        return () =>
        {
            if (history.Round is not { } round)
            {
                tally.See("round without events");
                return [];
            }

            tally.See("round");
            foreach (var copy in copies) copy.Replay(round);
            // Whole images are long; between them the digest and what is derived are compared.
            var images = round.Number % 32 == 0 || history.Commands >= CellHistory.CommandsMin;
            var complaints = Twins.Complaints(history.State, copies, images).ToList();
            if (copies.Count < 4 && round.Number % 48 == 0)
            {
                tally.See("snapshot");
                var restored = CellState.Restore(history.State.Capture(), RandomFleet.Catalog, history.Policy);
                complaints.AddRange(Twins.Complaints(history.State, restored, images: true));
                copies.Add(restored);
            }

            return complaints;
        };
    }

    private static Check A_command_that_arrives_twice_changes_nothing_the_second_time(CellHistory history, Tally tally)
    {
        var random = new Random(history.Seed);
        var accepted = new List<CellCommand>();
        var complaints = new List<string>();
        history.AfterCommand += (round, told) =>
        {
            tally.See(told.Decision switch
            {
                Accepted => "accepted first",
                AlreadyDone => "done already",
                _ => "refused",
            });
            // Each recovery raises the epoch; and without a key nobody can tell a repeat.
            if (told.Command is RaiseEpoch or SubmitJob { Key: "" }) return;
            tally.See("repeated at once");
            complaints.AddRange(Repeats.Complaints(round, told));
            if (told is { Command: SubmitJob, Decision: Accepted }) tally.See("same job number");
            if (Repeats.IsForGood(told)) accepted.Add(told.Command);
            if (accepted.Count == 0) return;
            tally.See("repeated later");
            complaints.AddRange(Repeats.LaterComplaints(round, accepted[random.Next(accepted.Count)]));
        };
        return () => complaints;
    }

    private static Check Only_guests_and_less_urgent_work_leave_and_whoever_they_leave_for_is_placed(
        CellHistory history, Tally tally)
    {
        var log = new EventLog();
        return () =>
        {
            if (history.Round is not { } round) return [];
            var specs = history.State.Jobs.ToDictionary(j => j.Key, j => j.Value.Spec);
            var preempted = false;
            foreach (var ended in round.Events.OfType<AllocationsEnded>())
                if (ended.End == AllocationEnd.Preempted)
                {
                    preempted = true;
                    if (!log.Live.TryGetValue(ended.Sequences[0], out var left)) continue;
                    tally.See(specs[left.Job].Kind == JobKind.Training ? "gangs preempted"
                        : left.Placed.Guest ? "guests preempted" : "tasks preempted");
                    var next = round.Events.SkipWhile(e => e != ended).OfType<JobPlaced>().First();
                    if (left.Placed.Guest && specs[next.Job].Kind != JobKind.Training)
                        tally.See("guests left for a task");
                }

            if (!preempted && round.Events.Any(e => e is JobPlaced p && specs[p.Job].Kind == JobKind.Training))
                tally.See("gang placed without");
            return [.. Preemptions.Complaints(round, log, specs)];
        };
    }

    private static Check A_gang_leaves_after_its_protection_once_per_beneficiary_and_keeps_its_last_checkpoint(
        CellHistory history, Tally tally)
    {
        Thrash? thrash = null;
        return () =>
        {
            if (history.Round is not { } round) return [];
            thrash ??= new Thrash(history.Policy.Queue.Preemption);
            var complaints = thrash.Complaints(round, history.State).ToList();
            tally.See("checkpoint", round.Events.Count(e => e is CheckpointRecorded));
            tally.See("left", thrash.LeftFor.Count);
            return complaints;
        };
    }

    private static Check Nobody_is_placed_over_nominal_and_borrowing_limit_and_only_borrowers_give_back(
        CellHistory history, Tally tally)
    {
        var log = new EventLog();
        return () =>
        {
            if (!history.Policy.Queue.Quotas.Any) return [];
            tally.See("borrowed", Quotas.Borrowers(history.State).Count());
            tally.See("over quota waits", history.State.Jobs.Values.Count(j => j.Waits && j.Class.Home.Any(
                a => Quotas.Forbids(history.State, j, a.Accelerator))));
            if (history.Round is not { } round) return [];
            foreach (var ended in round.Events.OfType<AllocationsEnded>())
                if (ended.End == AllocationEnd.Reclaimed)
                    foreach (var sequence in ended.Sequences)
                        tally.See(log.Live.TryGetValue(sequence, out var live)
                            && history.State.FindJob(live.Job)?.Spec.Kind == JobKind.Training
                            ? "reclaimed gang"
                            : "reclaimed task");
            return [.. Quotas.Complaints(round, log, history.State)];
        };
    }

    private static Check Whoever_moves_is_placed_again_at_once_with_all_that_was_safe_and_had_its_rest(
        CellHistory history, Tally tally)
    {
        var log = new EventLog();
        var placedAt = new Dictionary<long, DateTimeOffset>();
        var safe = new Dictionary<long, double>();
        return () =>
        {
            if (history.Round is not { } round) return [];
            foreach (var moved in round.Events.OfType<JobMoved>())
                tally.See(moved.Reason.StartsWith("it grew", StringComparison.Ordinal) ? "grew"
                    : moved.Reason.StartsWith("it shrank", StringComparison.Ordinal) ? "shrank"
                    : moved.Reason.StartsWith("a task", StringComparison.Ordinal) ? "a task moved"
                    : moved.Reason.StartsWith("node ", StringComparison.Ordinal) ? "left a node" : "moved up");
            if (!round.Events.Any(e => e is JobMoved)) tally.See("gang stayed");
            if (round.Events.OfType<JobRequeued>()
                .Any(r => r.Reason.EndsWith("to be empty", StringComparison.Ordinal)))
                tally.See("had to leave a node");
            var late = history.State.Nodes.FirstOrDefault(n => n.DrainBy <= round.At && n.Allocations.Count > 0);
            if (late is not null && round.Events.Count < Limits.EventsPerRoundMax / 2)
                return [$"{late.Allocations.Count} allocations are on node {late.Id} after {late.DrainBy}"];
            return [.. MoveRules.Complaints(history.State, round, log, placedAt, safe)];
        };
    }

    private static Check A_node_in_another_shape_ends_what_does_not_fit_there_and_nothing_else(
        CellHistory history, Tally tally)
    {
        var reshapes = new Reshapes(what => tally.See(what));
        var complaints = new List<string>();
        history.BeforeCommand += command => reshapes.Before(history.State, command);
        history.AfterCommand += (_, told) => complaints.AddRange(reshapes.Complaints(history.State, told));
        return () => complaints;
    }
}
