using Stockpile.Core.Commands;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells.Oracles;

namespace Stockpile.Core.Tests.Cells;

/// <summary>
/// One property per invariant, over the same random histories, each checked after every round by an oracle that works
/// it out anew. The seeds are fixed, so that a failure can be seen again and CI gives the same answer twice.
/// </summary>
public sealed class CellProperties
{
    internal const int Histories = 40;

    [Fact]
    public void Nothing_is_given_away_twice()
    {
        var tally = new Tally("full device", "shared device", "free device", "lost node");
        ForEachHistory(_ => history =>
        {
            var image = history.State.Capture();
            foreach (var node in history.State.Nodes)
            {
                if (node.Lost) tally.See("lost node");
                for (var device = 0; device < node.Devices; device++)
                    tally.See(node.UsedMilli(device) switch
                    {
                        0 => "free device",
                        1_000 => "full device",
                        _ => "shared device",
                    });
            }

            return Capacity.Complaints(image).Concat(Capacity.CounterComplaints(history.State));
        });
        tally.AssertAllSeen();
    }

    [Fact]
    public void A_gang_has_all_its_devices_or_none()
    {
        var tally = new Tally(
            "placed gang", "waiting gang", "per-node gang", "larger gang", "smaller gang", "broken gang",
            "done in part", "gang in one rack", "gang in one pod");
        ForEachHistory(_ => history =>
        {
            foreach (var job in history.State.Jobs.Values)
            {
                if (job.Spec.Kind != JobKind.Training || job.Ended is not null) continue;
                var devices = job.Allocations.Values.Sum(a => a.Placed.Ranks);
                tally.See(devices == 0 ? "waiting gang" : "placed gang");
                if (devices > 0 && job.Spec.PerNode > 0) tally.See("per-node gang");
                if (devices > 0 && job.Spec.TopologyRequired == TopologyLevel.Rack) tally.See("gang in one rack");
                if (devices > 0 && job.Spec.TopologyRequired == TopologyLevel.Pod) tally.See("gang in one pod");
                if (devices > job.Spec.Devices) tally.See("larger gang");
                if (devices > 0 && devices < job.Spec.Devices) tally.See("smaller gang");
                if (job.Allocations.Values.Any(a => a.Finished)) tally.See("done in part");
            }

            if (history.Round is { } round)
                tally.See("broken gang", round.Events.Count(e =>
                    e is AllocationsEnded { End: AllocationEnd.GangBroken }));
            return Gangs.Complaints(history.State.Capture());
        });
        tally.AssertAllSeen();
    }

    [Fact]
    public void Every_allocation_is_where_its_job_may_run_and_a_guest_only_away_from_home()
    {
        var tally = new Tally("guest", "at home", "unwilling guest waits", "on labelled node");
        ForEachHistory(_ => history =>
        {
            var image = history.State.Capture();
            foreach (var allocation in history.State.Allocations.Values)
            {
                tally.See(allocation.Guest ? "guest" : "at home");
                if (allocation.Job.Spec.Labels.Count > 0) tally.See("on labelled node");
            }

            if (history.State.Jobs.Values.Any(j => j.Waits && !j.Spec.Guest)) tally.See("unwilling guest waits");
            var complaints = Tiers.Complaints(image, history.Policy);
            return history.Round is { } round
                ? complaints.Concat(Tiers.PlacementComplaints(round, image))
                : complaints;
        });
        tally.AssertAllSeen();
    }

    [Fact]
    public void No_accepted_job_is_ever_lost()
    {
        var tally = new Tally(
            "accepted", "refused", "repeated", "Pending", "Idle", "Placed", "Running", "Completed", "Cancelled",
            "Forwarded", "held", "adopted", "dropped");
        ForEachHistory(_ =>
        {
            var log = new EventLog();
            return history =>
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
        });
        tally.AssertAllSeen();
    }

    [Fact]
    public void The_rounds_give_the_same_state_on_every_machine_and_from_every_snapshot()
    {
        var tally = new Tally("round", "round without events", "snapshot");
        ForEachHistory(seed =>
        {
            var first = new CellHistory(seed);
            List<CellState> copies = [new CellState("north", RandomFleet.Catalog, first.Policy)];
            return history =>
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
                var complaints = copies.SelectMany(c => Twins.Complaints(history.State, c, images)).ToList();
                if (copies.Count < 4 && round.Number % 48 == 0)
                {
                    tally.See("snapshot");
                    var restored = CellState.Restore(history.State.Capture(), RandomFleet.Catalog, history.Policy);
                    complaints.AddRange(Twins.Complaints(history.State, restored, images: true));
                    copies.Add(restored);
                }

                return Counts.Complaints(history.State);
            };
        });
        tally.AssertAllSeen();
    }

    [Fact]
    public void A_command_that_arrives_twice_changes_nothing_the_second_time()
    {
        var tally = new Tally(
            "accepted first", "done already", "refused", "repeated at once", "repeated later", "same job number");
        ForEachHistory(seed =>
        {
            var random = new Random(seed);
            var accepted = new List<CellCommand>();
            var complaints = new List<string>();
            return history =>
            {
                history.AfterCommand ??= (round, told) =>
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
                return Counts.Complaints(history.State);
            };
        });
        tally.AssertAllSeen();
    }

    [Fact]
    public void What_is_counted_of_the_jobs_is_what_there_is()
    {
        var tally = new Tally("several wait", "several are listed");
        ForEachHistory(_ => history =>
        {
            if (history.State.Queue.InOrder().Skip(1).Any()) tally.See("several wait");
            if (history.State.Listed.Find(null, null, null, null).Total > 1) tally.See("several are listed");
            return Counts.Complaints(history.State);
        });
        tally.AssertAllSeen();
    }

    [Fact]
    public void Nothing_waits_that_would_fit()
    {
        var tally = new Tally("cycle with a queue", "cycle without a queue", "cut short", "placed", "placed nothing");
        ForEachHistory(_ => history =>
        {
            tally.See(history.Cycle.Placed > 0 ? "placed" : "placed nothing");
            tally.See(history.State.Queue.InOrder().Any() ? "cycle with a queue" : "cycle without a queue");
            if (history.Cycle.More)
            {
                tally.See("cut short");
                return [];
            }

            // With reservations room may be kept from a job on purpose.
            return history.Policy.Backfill.Enabled ? [] : WorkConservation.Complaints(history.State);
        });
        tally.AssertAllSeen();
    }

    [Fact]
    public void Only_guests_and_less_urgent_work_leave_and_whoever_they_leave_for_is_placed()
    {
        var tally = new Tally(
            "guests preempted", "gangs preempted", "tasks preempted", "guests left for a task", "gang placed without");
        ForEachHistory(_ =>
        {
            var log = new EventLog();
            return history =>
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
        });
        tally.AssertAllSeen();
    }

    [Fact]
    public void A_gang_leaves_after_its_protection_once_per_beneficiary_and_keeps_its_last_checkpoint()
    {
        var tally = new Tally("left", "checkpoint");
        ForEachHistory(_ =>
        {
            Thrash? thrash = null;
            return history =>
            {
                if (history.Round is not { } round) return [];
                thrash ??= new Thrash(history.Policy.Queue.Preemption);
                var complaints = thrash.Complaints(round, history.State).ToList();
                tally.See("checkpoint", round.Events.Count(e => e is CheckpointRecorded));
                tally.See("left", thrash.LeftFor.Count);
                return Counts.Complaints(history.State);
            };
        });
        tally.AssertAllSeen();
    }

    [Fact]
    public void Nobody_is_placed_over_nominal_and_borrowing_limit_and_only_borrowers_give_back()
    {
        var tally = new Tally("borrowed", "reclaimed gang", "reclaimed task", "over quota waits");
        ForEachHistory(_ =>
        {
            var log = new EventLog();
            return history =>
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
        });
        tally.AssertAllSeen();
    }

    [Fact]
    public void Whoever_moves_is_placed_again_at_once_with_all_that_was_safe_and_had_its_rest()
    {
        var tally = new Tally("grew", "shrank", "moved up", "a task moved", "gang stayed", "left a node",
            "had to leave a node");
        ForEachHistory(_ =>
        {
            var log = new EventLog();
            var placedAt = new Dictionary<long, DateTimeOffset>();
            var safe = new Dictionary<long, double>();
            return history =>
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
        });
        tally.AssertAllSeen();
    }

    [Fact]
    public void The_hours_that_were_used_were_there()
    {
        var tally = new Tally("idle hours", "training", "inference", "batch", "guests", "training waited", "requests");
        ForEachHistory(_ =>
        {
            var usage = new Usage();
            return history =>
            {
                var image = history.State.Capture();
                foreach (var use in image.Use)
                {
                    if (use.TrainingMs + use.InferenceMs + use.BatchMs < use.DeviceMs) tally.See("idle hours");
                    if (use.TrainingMs > 0) tally.See("training");
                    if (use.InferenceMs > 0) tally.See("inference");
                    if (use.BatchMs > 0) tally.See("batch");
                    if (use.GuestMs > 0) tally.See("guests");
                    if (use.WaitingDeviceMs > 0) tally.See("training waited");
                }

                if (image.DemandServed > 0) tally.See("requests");
                return Usage.Complaints(image).Concat(usage.Follow(image));
            };
        });
        tally.AssertAllSeen();
    }

    /// <summary>Runs every history; what is watched is asked after each round, and its first complaint is the end.
    /// </summary>
    internal static void ForEachHistory(Func<int, Func<CellHistory, IEnumerable<string>>> watch)
    {
        for (var seed = 1; seed <= Histories; seed++)
        {
            var history = new CellHistory(seed);
            var check = watch(seed);
            try
            {
                while (history.Step())
                    if (check(history).FirstOrDefault() is { } complaint)
                        Assert.Fail($"{complaint}\nin {history.Where()}");
            }
            catch (Exception broken) when (broken is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"the core stopped: {broken}\nin {history.Where()}");
            }
        }
    }
}
