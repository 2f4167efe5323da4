using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells.Oracles;
using Check = System.Func<System.Collections.Generic.IEnumerable<string>>;

namespace Stockpile.Core.Tests.Cells;

/// <summary>An invariant, and what has to happen in the histories for it to show anything.</summary>
/// <param name="Watch">Takes a history before its first step; what it gives is asked after each step.</param>
public sealed record HistoryProperty(string Name, Func<CellHistory, Tally, Check> Watch, params string[] Outcomes);

/// <summary>
/// One property per invariant. An oracle works each out anew, from the allocations and events; those of one history
/// know nothing of each other. Those of the state as it is after a round are here.
/// </summary>
public static partial class HistoryProperties
{
    /// <summary>Who listens to commands is asked in this order: repeats, which run more of them, come last.</summary>
    public static IReadOnlyList<HistoryProperty> All { get; } =
    [
        new(nameof(A_node_in_another_shape_ends_what_does_not_fit_there_and_nothing_else),
            A_node_in_another_shape_ends_what_does_not_fit_there_and_nothing_else,
            "stayed", "no device", "another chip", "another tier", "too little CPU", "too little memory", "a label",
            "not run any more", "stayed in another tier"),
        new(nameof(Nothing_is_given_away_twice), Nothing_is_given_away_twice,
            "full device", "shared device", "free device", "lost node"),
        new(nameof(A_gang_has_all_its_devices_or_none), A_gang_has_all_its_devices_or_none,
            "placed gang", "waiting gang", "per-node gang", "larger gang", "smaller gang", "broken gang",
            "done in part", "gang in one rack", "gang in one pod"),
        new(nameof(Every_allocation_is_where_its_job_may_run_and_a_guest_only_away_from_home),
            Every_allocation_is_where_its_job_may_run_and_a_guest_only_away_from_home,
            "guest", "at home", "unwilling guest waits", "on labelled node"),
        new(nameof(No_accepted_job_is_ever_lost), No_accepted_job_is_ever_lost,
            "accepted", "refused", "repeated", "Pending", "Idle", "Placed", "Running", "Completed", "Cancelled",
            "Forwarded", "held", "adopted", "dropped"),
        new(nameof(The_rounds_give_the_same_state_on_every_machine_and_from_every_snapshot),
            The_rounds_give_the_same_state_on_every_machine_and_from_every_snapshot,
            "round", "round without events", "snapshot"),
        new(nameof(A_command_that_arrives_twice_changes_nothing_the_second_time),
            A_command_that_arrives_twice_changes_nothing_the_second_time,
            "accepted first", "done already", "refused", "repeated at once", "repeated later", "same job number"),
        new(nameof(What_is_counted_of_the_jobs_is_what_there_is), What_is_counted_of_the_jobs_is_what_there_is,
            "several wait", "several are listed"),
        new(nameof(Nothing_waits_that_would_fit), Nothing_waits_that_would_fit,
            "cycle with a queue", "cycle without a queue", "cut short", "placed", "placed nothing"),
        new(nameof(Only_guests_and_less_urgent_work_leave_and_whoever_they_leave_for_is_placed),
            Only_guests_and_less_urgent_work_leave_and_whoever_they_leave_for_is_placed,
            "guests preempted", "gangs preempted", "tasks preempted", "guests left for a task",
            "gang placed without"),
        new(nameof(A_gang_leaves_after_its_protection_once_per_beneficiary_and_keeps_its_last_checkpoint),
            A_gang_leaves_after_its_protection_once_per_beneficiary_and_keeps_its_last_checkpoint,
            "left", "checkpoint"),
        new(nameof(Nobody_is_placed_over_nominal_and_borrowing_limit_and_only_borrowers_give_back),
            Nobody_is_placed_over_nominal_and_borrowing_limit_and_only_borrowers_give_back,
            "borrowed", "reclaimed gang", "reclaimed task", "over quota waits"),
        new(nameof(Whoever_moves_is_placed_again_at_once_with_all_that_was_safe_and_had_its_rest),
            Whoever_moves_is_placed_again_at_once_with_all_that_was_safe_and_had_its_rest,
            "grew", "shrank", "moved up", "a task moved", "gang stayed", "left a node", "had to leave a node"),
        new(nameof(The_hours_that_were_used_were_there), The_hours_that_were_used_were_there,
            "idle hours", "training", "inference", "batch", "guests", "training waited", "requests"),
        new(nameof(What_a_tenant_holds_is_the_sum_of_its_allocations_at_home),
            What_a_tenant_holds_is_the_sum_of_its_allocations_at_home,
            "tenant with devices", "guest", "draining node"),
    ];

    private static Check Nothing_is_given_away_twice(CellHistory history, Tally tally) =>
        () =>
        {
            var image = history.Image;
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
        };

    private static Check A_gang_has_all_its_devices_or_none(CellHistory history, Tally tally) =>
        () =>
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
            return Gangs.Complaints(history.Image);
        };

    private static Check Every_allocation_is_where_its_job_may_run_and_a_guest_only_away_from_home(
        CellHistory history, Tally tally) =>
        () =>
        {
            var image = history.Image;
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
        };

    private static Check What_is_counted_of_the_jobs_is_what_there_is(CellHistory history, Tally tally) =>
        () =>
        {
            if (history.State.Queue.InOrder().Skip(1).Any()) tally.See("several wait");
            if (history.State.Listed.Find(null, null, null, null).Total > 1) tally.See("several are listed");
            return Counts.Complaints(history.State);
        };

    private static Check Nothing_waits_that_would_fit(CellHistory history, Tally tally) =>
        () =>
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
        };

    private static Check The_hours_that_were_used_were_there(CellHistory history, Tally tally)
    {
        var usage = new Usage();
        return () =>
        {
            var image = history.Image;
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
    }

    private static Check What_a_tenant_holds_is_the_sum_of_its_allocations_at_home(CellHistory history, Tally tally)
    {
        var pasts = new TenantPasts();
        return () =>
        {
            tally.See("tenant with devices", history.State.Tenants.Tenants.Values.Count(t => t.HoldsAnything));
            tally.See("guest", history.State.Allocations.Values.Count(a => a.Guest));
            tally.See("draining node", history.State.Nodes.Count(n => n.Draining));
            return Tenants.Complaints(history.State, pasts);
        };
    }
}
