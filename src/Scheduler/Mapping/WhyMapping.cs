using Stockpile.Core;
using Stockpile.Core.Commands;
using Stockpile.Core.Explain;
using Stockpile.Core.Queueing;
using Stockpile.Core.Routing;
using Stockpile.Core.State;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Notes;
using V1WhatIf = Stockpile.Protocol.V1.WhatIf;

namespace Stockpile.Scheduler.Mapping;

/// <summary>A cell's answer to why a job is where it is.</summary>
public static class WhyMapping
{
    /// <summary>Jobs of one dry run that are explained in full: each costs a look at all nodes.</summary>
    private const int ExplainedMax = 16;

    /// <param name="now">Simulated time; a cell in which nothing happens has an older one.</param>
    /// <param name="elsewhere">How other cells look for it; null: nobody knows.</param>
    /// <param name="told">What was told of starts before; null: nobody keeps it.</param>
    public static WhyReply Of(
        CellState state, JobState job, DateTimeOffset now, ProgressBoard? progress, Elsewhere? elsewhere = null,
        StartsTold? told = null)
    {
        if (now < state.At) now = state.At;
        var explanation = Explainer.ExplainFully(state, job, now);
        var reply = new WhyReply
        {
            // Its reason is the explanation's, which has more.
            Job = CellMapping.Job(state, job, progress, explain: false, room: new CellMapping.Room()),
            Reason = explanation.Reason,
            AheadInQueue = explanation.AheadInQueue,
            AtMs = now.ToWireMs(),
        };
        if (job.Waits) reply.Job.Reason = explanation.Reason;
        reply.Alternatives.AddRange(explanation.Alternatives.Select(ToWire));
        reply.Changes.AddRange(explanation.Changes);
        if (explanation.Estimate is { } estimate) reply.Start = ToWire(state, estimate);
        if (told?.Note(state, job, explanation, now) is { } moved)
        {
            reply.MovedFromMs = moved.From.ToWireMs();
            reply.MovedAtMs = moved.At.ToWireMs();
            reply.MovedBecause = moved.Because;
        }

        if (explanation.Reservation is { } reservation) reply.Reservation = ToWire(state, reservation);
        if (explanation.HeldBackBy is { } other) reply.HeldBackBy = ToWire(state, other);
        if (explanation.Rule is { } rule)
            reply.Rule = rule.ToWire();
        if (explanation.Never is { } never) reply.Never = NeverIn(state, never, elsewhere);
        if (explanation.Tried is { } tried)
        {
            reply.Outcome = ToWire(tried.Outcome);
            reply.OutcomeReason = tried.Reason;
            reply.TriedAtMs = tried.At.ToWireMs();
        }

        if (elsewhere is null) return reply;
        reply.Stays = elsewhere.Stays;
        reply.Elsewhere.AddRange(
            elsewhere.Cells.Select(c => new WhyElsewhere { Cell = c.Cell, Verdict = c.Verdict }));
        return reply;
    }

    /// <summary>A cell knows of the others what their statuses say; one that knows of none is alone.</summary>
    private static string NeverIn(CellState state, Refusal never, Elsewhere? elsewhere) =>
        elsewhere is { Cells.Count: > 0 }
            ? $"nothing in cell {state.Cell} could ever run it, but another cell could: {never.Message}"
            : $"nothing in the fleet could ever run it as it is now: {never.Message}";

    /// <summary>What would become of the jobs of a message; see <see cref="Core.Explain.WhatIf"/>.</summary>
    public static SubmitJobsReply WhatIf(
        CellState state, SubmitJobs message, DateTimeOffset now, ProgressBoard progress)
    {
        if (now < state.At) now = state.At;
        var (copy, jobs) = Core.Explain.WhatIf.Submit(
            state, [.. message.Jobs.Select(j => new SubmitJob(j.Key, j.Spec.FromWire()))], now);
        var reply = new SubmitJobsReply();
        var room = new CellMapping.Room();
        var explained = 0;
        foreach (var job in jobs)
        {
            var result = job switch
            {
                { Decision: Rejected(var no) } => new SubmitResult { Refusal = no.ToWire() },
                { Decision: AlreadyDone, Job: { } known } when state.FindJob(known.Number) == known => new SubmitResult
                {
                    Job = CellMapping.Job(state, known, progress, explain: jobs.Count == 1, room: room),
                    Repeated = true,
                },
                _ => new SubmitResult
                {
                    WhatIf = ToWire(copy, job, room),
                    Repeated = job.Decision is AlreadyDone,
                },
            };
            if (result.WhatIf is { } whatIf && job.Job!.Waits)
            {
                whatIf.Why = explained++ < ExplainedMax && !room.IsFull
                    ? Of(copy, job.Job, now, progress: null)
                    : Briefly(copy, job.Job, whatIf.Job, now);
                room.Take(whatIf.Why);
            }

            reply.Results.Add(result);
        }

        return reply;
    }

    private static WhyReply Briefly(CellState copy, JobState job, JobView view, DateTimeOffset now) => new()
    {
        Job = view,
        Reason = $"it would wait; a dry run explains {ExplainedMax} jobs, and this is a later one",
        AheadInQueue = copy.Queue.Ahead(job),
        AtMs = now.ToWireMs(),
    };

    private static V1WhatIf ToWire(CellState copy, Foreseen foreseen, CellMapping.Room room)
    {
        var view = new V1WhatIf
        {
            Job = CellMapping.Job(copy, foreseen.Job!, progress: null, explain: false, room: room),
        };
        view.Evictions.AddRange(CellMapping.Within(room, foreseen.Evictions.Select(e => new WhatIfEviction
        {
            Job = copy.NameOf(e.Job),
            Name = e.Job.Spec.Name,
            How = e.AsGuest ? "guest" : "preempted",
            Devices = e.Devices,
            Model = e.Model,
        })));
        return view;
    }

    private static string ToWire(CycleOutcome outcome) => outcome switch
    {
        CycleOutcome.NoRoom => "no-room",
        CycleOutcome.OverQuota => "over-quota",
        CycleOutcome.HeldBack => "held-back",
        CycleOutcome.RoundFull => "round-full",
        _ => "placed",
    };

    private static WhyAlternative ToWire(AlternativeReport a) => new()
    {
        Model = a.Alternative.Model,
        Tier = a.Alternative.Tier.Name,
        Guest = a.Alternative.Guest,
        Nodes = a.Nodes,
        Devices = a.Devices,
        FreeDevices = a.FreeDevices,
        GuestHeldDevices = a.GuestHeldDevices,
        UsedDevices = a.UsedDevices,
        UnavailableDevices = a.UnavailableDevices,
        NodesShortOfDevices = a.NodesShortOfDevices,
        NodesShortOfCpu = a.NodesShortOfCpu,
        NodesShortOfMemory = a.NodesShortOfMemory,
        NodesWithoutLabels = a.NodesWithoutLabels,
        FitsNow = a.FitsNow,
        Verdict = a.Verdict,
        OwnDevices = a.OwnDevices,
        LowerPriorityDevices = a.LowerPriorityDevices,
        DrainingDevices = a.DrainingDevices,
        StartMs = a.Start?.Start.ToWireMs() ?? 0,
    };

    private static WhyStart ToWire(CellState state, StartEstimate estimate)
    {
        var slot = estimate.Slot;
        var start = new WhyStart
        {
            AtMs = slot.Start.ToWireMs(),
            Model = slot.Alternative.Model,
            Tier = slot.Alternative.Tier.Name,
            Devices = slot.Devices,
            Nodes = slot.Pieces.Count,
            AtLeast = estimate.IsAtLeast,
            MoreEndings = estimate.MoreEndings,
        };
        start.EndFirst.AddRange(estimate.EndFirst.Select(e => new WhyEnding
        {
            Job = state.NameOf(e.Job),
            Name = e.Job.Spec.Name,
            Devices = e.Devices,
            EndMs = e.End.ToWireMs(),
        }));
        return start;
    }

    private static WhyReservation ToWire(CellState state, Reservation reservation) => new()
    {
        Job = state.NameOf(reservation.Job),
        Name = reservation.Job.Spec.Name,
        Model = reservation.Slot.Alternative.Model,
        Tier = reservation.Slot.Alternative.Tier.Name,
        Devices = reservation.Slot.Devices,
        Nodes = reservation.Slot.Pieces.Count,
        StartMs = reservation.Slot.Start.ToWireMs(),
    };
}
