using Akka.Actor;
using Stockpile.Core;
using Stockpile.Core.Commands;
using Stockpile.Core.Cycle;
using Stockpile.Core.Routing;
using Stockpile.Core.State;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// Jobs that wait here while another cell has room go there, and gangs that run here on a lesser model go to another
/// cell's better one. The other cell takes the job in and holds it; this one lets go of it; only then does the other
/// place it. Each step is durable before the next, and each may be repeated, so a job is never in no cell and never
/// runs in two. A gang that leaves writes a checkpoint; its new place is kept for it, and it starts there when that is
/// told.
/// </summary>
public sealed partial class CellEngine
{
    /// <summary>With more cells than this the others are looked at once for each of their statuses, not at every tick.
    /// </summary>
    private const int ManyCells = 64;

    /// <summary>Beyond the grace, a gang that came is not kept waiting longer for its last checkpoint.</summary>
    private static readonly TimeSpan LastWordWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LastWordWithinReal = TimeSpan.FromSeconds(3);

    /// <summary>Open offers: when, and to whom.</summary>
    private readonly Dictionary<long, (string Cell, long At)> _offers = [];

    /// <summary>Cells that let an offer of a job pass, and until when they are not asked again.</summary>
    private readonly Dictionary<(long Job, string Cell), long> _passed = [];

    /// <summary>Gangs that came here and are still leaving where they ran; when they came, simulated and
    /// real.</summary>
    private readonly Dictionary<long, (DateTimeOffset At, long Real)> _arriving = [];

    /// <summary>Gangs that left for another cell and are still writing their last checkpoint here.</summary>
    private readonly Dictionary<long, OfferTaken> _leaving = [];

    private long _lookedAt;

    /// <summary>Only between rounds, when all that the state says is durable.</summary>
    private void OfferTransfers(List<CellCommand> due)
    {
        if (_options.Cells is not { } cells) return;
        foreach (var held in _state.Held) TellTaken(held);
        AwaitLastWords();
        var now = _options.Real.GetTimestamp();
        ForgetOffers(now);
        if (!Transfers.HasAny(_state)) return;
        var others = cells.Others(_cell);
        if (others.Count == 0) return;
        if (others.Count > ManyCells && _options.Real.GetElapsedTime(_lookedAt, now) < _options.StatusInterval) return;
        _lookedAt = now;
        var table = TableOf(others);
        foreach (var transfer in Transfers.Choose(_state, table, MayGo, _clocks.Now, SchedulerLimits.OffersPerTickMax))
        {
            _offers[transfer.Job.Number] = (transfer.Cell, now);
            _ports.Cells.Tell(OfferOf(transfer), _ports.Self);
        }

        // The parts are offered at the next tick, as any job that waits.
        due.AddRange(Transfers.Splits(_state, table, SchedulerLimits.OffersPerTickMax));
    }

    private static RoutingTable TableOf(IReadOnlyList<CellStatus> others)
    {
        var table = new RoutingTable();
        foreach (var other in others) table.Update(other);
        return table;
    }

    private bool MayGo(long job, string cell) =>
        !_offers.ContainsKey(job) && !_passed.ContainsKey((job, cell)) && !_hosts.IsLeaving(job);

    private void ForgetOffers(long now)
    {
        var rest = _options.OrderResendAfter;
        foreach (var (job, (cell, at)) in _offers.ToList())
        {
            if (_options.Real.GetElapsedTime(at, now) <= rest) continue;
            _offers.Remove(job);
            _passed[(job, cell)] = now;
        }

        if (_passed.Count == 0) return;
        // All others have their turn before one is asked again.
        var turn = rest * (_options.Cells!.Serving().Count + 1);
        foreach (var (passed, at) in _passed.ToList())
            if (_options.Real.GetElapsedTime(at, now) > turn) _passed.Remove(passed);
    }

    private OfferJob OfferOf(Transfer transfer)
    {
        var job = transfer.Job;
        return new OfferJob
        {
            Cell = transfer.Cell,
            Home = _cell,
            Origin = NameOf(job),
            Spec = job.Spec.ToWire(),
            SubmittedAtMs = job.SubmittedAt.ToWireMs(),
            Done = job.Done,
            Requeues = job.Requeues,
            Number = job.Number,
            Sequence = transfer.Above.Length > 0 ? job.Allocations.First().Key : 0,
            Above = transfer.Above,
            Transfers = job.Transfers + 1,
            StartedAtMs = job.StartedAt.ToWireMs(),
            PartOf = job.PartOf,
            Failures = { RoundMapping.ToWire(job.Failures.Select(f => new TaskFailures(f.Key, f.Value))) },
        };
    }

    private void OnOffer(OfferJob offer) => Enqueue(round =>
    {
        round.Run(new AdoptJob(
            offer.Origin, offer.Spec.FromWire(), WireTime.Instant(offer.SubmittedAtMs), offer.Done,
            offer.Requeues)
        {
            Ticket = RoundMapping.TicketOf(offer.Number > 0 ? offer.Home : "", offer.Number, offer.Sequence),
            Transfers = Math.Max(1, offer.Transfers),
            StartedAt = WireTime.InstantOrNone(offer.StartedAtMs),
            Above = offer.Above,
            PartOf = offer.PartOf,
            Failures = RoundMapping.FromWire(offer.Failures),
        });
        return () =>
        {
            // Silence is the answer when there is no room: the home goes on trying to place the job itself.
            if (_state.FindAdopted(offer.Origin) is { Held: true } held) TellTaken(held);
        };
    });

    private void TellTaken(JobState job)
    {
        if (!JobId.TryParse(job.Origin, out var origin)) return;
        var ticket = job.Ticket ?? new TransferTicket(origin.Cell, origin.Number, 0);
        var least = job.Spec.LeastDevices;
        _ports.Cells.Tell(new OfferTaken
        {
            Cell = ticket.From,
            Number = ticket.Number,
            By = _cell,
            Done = job.Done,
            Requeues = job.Requeues,
            Sequence = ticket.Sequence,
            Model = job.Class.Home.FirstOrDefault(a => _state.Index.Free(a.Model) >= least)?.Model ?? "",
        }, _ports.Self);
    }

    private void OnTaken(OfferTaken taken) => Enqueue(round =>
    {
        var decision = round.Run(new ForwardJob(taken.Number, taken.By, taken.Done, taken.Requeues)
        {
            Sequence = taken.Sequence,
            Model = taken.Model,
        });
        // Only an owner that was replaced knows less than another cell; who has replaced it will answer.
        if (decision is Rejected { Refusal.Code: Refusal.Unavailable }) return null;
        return () => Settle(taken, confirmed: decision is Accepted or AlreadyDone);
    });

    private void Settle(OfferTaken taken, bool confirmed)
    {
        _offers.Remove(taken.Number);
        var leaving = confirmed && taken.Sequence > 0 && _hosts.IsLeaving(taken.Number);
        if (leaving) _leaving[taken.Number] = taken;
        var job = _state.FindJob(taken.Number);
        _ports.Cells.Tell(new SettleOffer
        {
            Cell = taken.By,
            Origin = job is null ? new JobId(_cell, taken.Number).ToString() : NameOf(job),
            Confirmed = confirmed,
            Done = taken.Done,
            Requeues = taken.Requeues,
            Safe = job?.Done ?? 0,
            From = _cell,
            Number = taken.Number,
            Sequence = taken.Sequence,
            Leaving = leaving,
        }, _ports.Self);
    }

    /// <summary>Gangs whose last part has left: what they could save is durable, and the other cell may start them.
    /// </summary>
    private void TellLastWords()
    {
        if (_leaving.Count == 0) return;
        foreach (var (job, taken) in _leaving.Where(l => !_hosts.IsLeaving(l.Key)).ToList())
        {
            _leaving.Remove(job);
            Settle(taken, confirmed: true);
        }
    }

    private void OnSettled(SettleOffer settle) => Enqueue(round =>
    {
        var ticket = RoundMapping.TicketOf(settle.From, settle.Number, settle.Sequence);
        round.Run(new SettleAdoption(settle.Origin, settle.Confirmed, settle.Done, settle.Requeues)
        {
            Ticket = ticket,
            Safe = settle.Safe,
        });
        if (!settle.Confirmed || _state.FindAdopted(settle.Origin) is not { } job || job.Ticket != ticket) return null;
        if (settle.Leaving)
        {
            // Its place is kept from this round on; what is older than this word has started already.
            if (job is { Ended: null, Allocations.Count: 0 } && _arriving.TryAdd(
                job.Number, (_clocks.Now, _options.Real.GetTimestamp()))) _hosts.Hold(job.Number);
        }
        else if (_arriving.Remove(job.Number))
        {
            round.Run(new RecordCheckpoint(job.Number, settle.Safe));
            _hosts.Release(job.Number);
        }

        return null;
    });

    /// <summary>The cell that a gang left is asked again, and after a while the gang starts from what is
    /// known.</summary>
    private void AwaitLastWords()
    {
        foreach (var (number, (at, real)) in _arriving.ToList())
        {
            var job = _state.FindJob(number);
            var waited = _clocks.Now - at > _options.Policy.Guests.Grace + LastWordWithin
                && _options.Real.GetElapsedTime(real) > LastWordWithinReal;
            if (job is { Ended: null } && !waited)
            {
                TellTaken(job);
                continue;
            }

            _arriving.Remove(number);
            _hosts.Release(number);
        }
    }
}
