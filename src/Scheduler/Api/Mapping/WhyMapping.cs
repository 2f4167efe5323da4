using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Mapping;

namespace Stockpile.Scheduler.Api.Mapping;

/// <summary>Explanations as the API gives them.</summary>
public static class WhyMapping
{
    public static WhyResponse ToResponse(this WhyReply reply, ApiOptions options) => new(
        reply.Job.ToResponse(options, withAllocations: true),
        reply.Reason,
        [.. reply.Alternatives.Select(ToResponse)],
        reply.AheadInQueue)
    {
        At = JobViewMapping.Time(reply.AtMs),
        Start = reply.Start is { } start ? ToResponse(start) : null,
        Moved = reply.MovedFromMs > 0
            ? new StartMoveResponse(Instant(reply.MovedFromMs), Instant(reply.MovedAtMs), reply.MovedBecause)
            : null,
        Reservation = reply.Reservation is { } own ? ToResponse(own) : null,
        HeldBackBy = reply.HeldBackBy is { } other ? ToResponse(other) : null,
        Rule = reply.Rule?.Message,
        Tried = reply.Outcome.Length == 0 ? null
            : new TriedResponse(reply.Outcome, reply.OutcomeReason, Instant(reply.TriedAtMs)),
        Changes = reply.Changes.Count == 0 ? null : [.. reply.Changes],
        Elsewhere = reply.Elsewhere.Count == 0 ? null
            : [.. reply.Elsewhere.Select(e => new ElsewhereResponse(e.Cell, e.Verdict))],
        Never = reply.Never.Length == 0 ? null : reply.Never,
        Stays = reply.Stays.Length == 0 ? null : reply.Stays,
        Clock = reply.Clock.Length == 0 ? null : reply.Clock,
    };

    /// <summary>What a round found, as a part of a sentence.</summary>
    public static string ToWords(this TriedResponse tried) => tried.Outcome switch
    {
        "held-back" => $"held back, because {tried.Reason}",
        "no-room" => tried.Reason,
        var outcome => $"{outcome.Replace('-', ' ')}: {tried.Reason}",
    };

    /// <param name="result">The answer to a dry run that refuses nothing.</param>
    /// <returns>Null where a cell of an older version only checked the job.</returns>
    public static WhatIfResponse? ToWhatIf(this SubmitResult result, ApiOptions options) =>
        (result.WhatIf?.Job ?? result.Job) is not { } job ? null : new WhatIfResponse(
            job.ToResponse(options, withAllocations: true),
            [.. (result.WhatIf?.Evictions ?? []).Select(e =>
                new EvictionResponse(e.Job, e.Name, e.How, e.Devices, e.Model))],
            result.Repeated,
            result.WhatIf?.Why?.ToResponse(options));

    private static StartResponse ToResponse(WhyStart start) => new(
        Instant(start.AtMs), start.Model, start.Tier, start.Devices, start.Nodes, start.AtLeast,
        [.. start.EndFirst.Select(e => new EndingResponse(e.Job, e.Name, e.Devices, Instant(e.EndMs)))],
        start.MoreEndings);

    private static ReservationResponse ToResponse(WhyReservation view) => new(
        view.Job, view.Name, view.Model, view.Tier, view.Devices, view.Nodes, Instant(view.StartMs));

    private static DateTimeOffset Instant(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static AlternativeResponse ToResponse(WhyAlternative view) => new()
    {
        Model = view.Model,
        Tier = view.Tier,
        Guest = view.Guest,
        Nodes = view.Nodes,
        Devices = view.Devices,
        FreeDevices = view.FreeDevices,
        GuestHeldDevices = view.GuestHeldDevices,
        UsedDevices = view.UsedDevices,
        UnavailableDevices = view.UnavailableDevices,
        NodesShortOfDevices = view.NodesShortOfDevices,
        NodesShortOfCpu = view.NodesShortOfCpu,
        NodesShortOfMemory = view.NodesShortOfMemory,
        NodesWithoutLabels = view.NodesWithoutLabels,
        FitsNow = view.FitsNow,
        Verdict = view.Verdict,
        OwnDevices = view.OwnDevices,
        LowerPriorityDevices = view.LowerPriorityDevices,
        DrainingDevices = view.DrainingDevices,
        Start = JobViewMapping.Time(view.StartMs),
    };
}
