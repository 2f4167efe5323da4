using Akka.Actor;
using Stockpile.Core;
using Stockpile.Core.Cells;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// Jobs that wait here while another cell has room go there. The other cell takes the job in and holds it; this one
/// lets go of it; only then does the other place it. Each step is durable before the next, and each may be repeated,
/// so a job is never in no cell and never runs in two.
/// </summary>
public sealed partial class CellShell
{
    private readonly Dictionary<string, CellView> _others = new(StringComparer.Ordinal);
    private readonly Dictionary<long, long> _offeredAt = [];

    /// <summary>Another cell, or this one, has told how it is.</summary>
    public void OnDigest(CellView digest)
    {
        if (digest.Cell == _cell) return;
        if (_others.TryGetValue(digest.Cell, out var known) && CellViews.IsOlder(digest, known)) return;
        _others[digest.Cell] = digest;
    }

    /// <summary>Only between rounds, when all that the state says is durable.</summary>
    private void OfferWaiting()
    {
        if (!_options.HandOver) return;
        var now = _options.Real.GetTimestamp();
        foreach (var (job, at) in _offeredAt.ToList())
            if (_options.Real.GetElapsedTime(at, now) > _options.OrderResendAfter) _offeredAt.Remove(job);
        foreach (var held in _state.Held) TellTaken(held);
        if (_others.Count == 0) return;
        foreach (var (job, cell) in HandOver.Choose(
                     _state, _others.Values, _offeredAt.ContainsKey, Limits.OffersPerTickMax))
        {
            _offeredAt[job.Number] = now;
            _ports.Cells.Tell(new OfferJob
            {
                Cell = cell,
                Home = _cell,
                Origin = NameOf(job),
                Spec = job.Spec.ToWire(),
                SubmittedAtMs = job.SubmittedAt.ToWireMs(),
                Done = job.Done,
                Requeues = job.Requeues,
            }, _ports.Self);
        }
    }

    private void OnOffer(OfferJob offer) => Enqueue(round =>
    {
        round.Run(new AdoptJob(
            offer.Origin, offer.Spec.FromWire(), WireTime.Instant(offer.SubmittedAtMs), offer.Done,
            offer.Requeues));
        return () =>
        {
            // Silence is the answer when there is no room: the home goes on trying to place the job itself.
            if (_state.FindAdopted(offer.Origin) is { Held: true } held) TellTaken(held);
        };
    });

    private void TellTaken(JobState held)
    {
        if (JobId.TryParse(held.Origin, out var origin))
            _ports.Cells.Tell(new OfferTaken
            {
                Cell = origin.Cell,
                Number = origin.Number,
                By = _cell,
                Done = held.Done,
                Requeues = held.Requeues,
            }, _ports.Self);
    }

    private void OnTaken(OfferTaken taken) => Enqueue(round =>
    {
        var decision = round.Run(new ForwardJob(taken.Number, taken.By, taken.Done, taken.Requeues));
        // Only an owner that was replaced knows less than another cell; who has replaced it will answer.
        if (decision is Rejected { Refusal.Code: Refusal.Unavailable }) return null;
        return () => _ports.Cells.Tell(new SettleOffer
        {
            Cell = taken.By,
            Origin = new JobId(_cell, taken.Number).ToString(),
            Confirmed = decision is Accepted or AlreadyDone,
            Done = taken.Done,
            Requeues = taken.Requeues,
        }, _ports.Self);
    });

    private void OnSettled(SettleOffer settle) => Enqueue(round =>
    {
        round.Run(new SettleAdoption(settle.Origin, settle.Confirmed, settle.Done, settle.Requeues));
        return null;
    });
}
