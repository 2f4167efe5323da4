using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Routing;
using Stockpile.Core.State;
using Stockpile.Lab.Virtual;

namespace Stockpile.Lab.Sharding;

/// <summary>
/// Virtual cells with a router in front, and what passes between them: jobs that wait go to a cell where they could
/// start at once, and running gangs to one that has a better tier free. All know the others by their statuses only.
/// </summary>
internal sealed class ShardedFleet
{
    /// <summary>Most jobs of a cell, per class and tenant, that are offered to others at one status.</summary>
    private const int OffersMax = 16;

    /// <summary>Most cells that one job is offered to at one status.</summary>
    private const int AskedMax = 8;

    /// <summary>How often running gangs are looked at though no cell has anything new to tell: they may move once they
    /// have stayed long enough.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    private readonly Catalog _catalog;
    private readonly Policy _policy;
    private readonly Dictionary<string, VirtualCell> _byName = new(StringComparer.Ordinal);
    private readonly RoutingTable _table = new();
    private readonly RunningTransfers _running;
    private readonly Dictionary<string, long> _told = new(StringComparer.Ordinal);
    private DateTimeOffset _nextLook;
    private int _first;

    public ShardedFleet(
        Catalog catalog, Policy policy, IReadOnlyList<NodeSpec> nodes, int cells, DateTimeOffset start,
        Action<Round> onRound)
    {
        (_catalog, _policy) = (catalog, policy);
        var dealt = Deal.Racks(nodes, cells);
        for (var number = 0; number < cells; number++)
        {
            var name = $"cell-{number:000}";
            var cell = new VirtualCell(catalog, policy, dealt[number], start, name) { OnRound = onRound };
            Cells.Add(cell);
            _byName.Add(name, cell);
        }

        _running = new RunningTransfers(catalog, policy, _table);
        TakeStatuses();
    }

    public List<VirtualCell> Cells { get; } = [];

    /// <summary>Waiting jobs, and running gangs, that went to another cell.</summary>
    public long WaitingMoved { get; private set; }
    public long RunningMoved { get; private set; }

    /// <summary>Whether some cell could run the job, were all of it free.</summary>
    /// <param name="tier">On this tier.</param>
    public bool CouldRun(JobSpec spec, string? tier = null)
    {
        var alternatives = Alternatives.Of(spec, _catalog, _policy)
            .Where(a => tier is null || a.Tier.Name == tier).ToList();
        return _table.Choose(RoutedJob.Of(spec, alternatives, _policy), _ => true) is not null;
    }

    public DateTimeOffset? NextEnd => Cells.Min(c => c.NextEnd);

    /// <summary>Routes what arrives now by what is known, and lets every cell do what is due.</summary>
    /// <param name="all">Also cells in which nothing ends: services follow their demand.</param>
    /// <returns>By cell, the decisions on what was sent there.</returns>
    public IReadOnlyList<(VirtualCell Cell, IReadOnlyList<(JobSpec Spec, Decision Decision)> Jobs)> Advance(
        DateTimeOffset now, IReadOnlyList<JobSpec> arrivals, bool all)
    {
        var sent = new Dictionary<string, List<(JobSpec Spec, RoutingTable.Booking? Booking)>>(StringComparer.Ordinal);
        foreach (var spec in arrivals)
        {
            var job = RoutedJob.Of(spec, _catalog, _policy);
            var cell = _table.Choose(job, _ => true)!;
            if (!sent.TryGetValue(cell, out var jobs)) sent.Add(cell, jobs = []);
            jobs.Add((spec, Cells.Count > 1 ? _table.Book(cell, job) : null));
        }

        var done = new List<(VirtualCell, IReadOnlyList<(JobSpec, Decision)>)>();
        foreach (var cell in Cells)
        {
            var jobs = sent.GetValueOrDefault(cell.State.Cell) ?? [];
            if (!all && jobs.Count == 0 && !(cell.NextEnd <= now)) continue;
            var decisions = cell.Advance(now, jobs.ConvertAll(j => j.Spec));
            foreach (var (_, booking) in jobs)
                if (booking is not null) _table.Settle(booking, cell.State.RoundNumber);
            done.Add((cell, [.. jobs.Zip(decisions, (job, decision) => (job.Spec, decision))]));
        }

        return done;
    }

    /// <summary>The cells tell how they are, and what could go on elsewhere goes there.</summary>
    public void Exchange(DateTimeOffset now)
    {
        if (Cells.Count == 1 || (!TakeStatuses() && now < _nextLook)) return;
        _nextLook = now + LookEvery;
        var changed = new HashSet<VirtualCell>();
        // Each has its turn to be the first, as none is in a live cluster.
        _first = (_first + 1) % Cells.Count;
        var turns = Cells.Skip(_first).Concat(Cells.Take(_first)).ToList();
        foreach (var cell in turns) OfferWaiting(cell, now, changed);
        Settle(changed, now);
        foreach (var cell in turns) MoveRunning(cell, now, changed);
        Settle(changed, now);
    }

    /// <summary>What became free goes to those who wait there, and the others hear of it.</summary>
    private void Settle(HashSet<VirtualCell> changed, DateTimeOffset now)
    {
        foreach (var cell in changed)
        {
            cell.Advance(now, []);
            Tell(cell);
        }

        changed.Clear();
    }

    /// <summary>As a live cell hands over: most urgent first, only what waits as a whole, only where it could start at
    /// once at home; the other cell has the last word.</summary>
    private void OfferWaiting(VirtualCell from, DateTimeOffset now, HashSet<VirtualCell> changed)
    {
        foreach (var number in from.State.Queue.Heads(OffersMax).ToList())
        {
            if (from.State.FindJob(number) is not { MayMove: true } job) continue;
            var routed = RoutedJob.Of(job.Spec, job.Class.Home, _policy);
            // A cell that has room by its counts may keep it for others, so the next ones are asked too.
            foreach (var (name, rank) in _table.Order(routed, c => c != from.State.Cell).Take(AskedMax))
            {
                if (!rank.Fits) break;
                var to = _byName[name];
                if (!HandOver(from, to, job, routed, now)) continue;
                changed.Add(from);
                changed.Add(to);
                WaitingMoved++;
                break;
            }
        }
    }

    private void MoveRunning(VirtualCell from, DateTimeOffset now, HashSet<VirtualCell> changed)
    {
        foreach (var (job, cell, routed) in _running.Choose(from.State, now))
        {
            // It writes a checkpoint as it leaves, for which every gang is given time.
            if (VirtualCell.Done(job, now) is var done && done > job.Done)
                from.Run(now, new RecordCheckpoint(job.Number, done));
            if (!HandOver(from, _byName[cell], job, routed, now)) continue;
            changed.Add(from);
            changed.Add(_byName[cell]);
            RunningMoved++;
        }
    }

    /// <summary>The other cell takes the job in if it has room, this one lets go of it, and it starts there.</summary>
    private bool HandOver(VirtualCell from, VirtualCell to, JobState job, RoutedJob routed, DateTimeOffset now)
    {
        var origin = from.State.NameOf(job);
        var (done, requeues) = (job.Done, job.Requeues);
        var sequence = job.Allocations.Count > 0 ? job.Allocations.First().Key : 0;
        var ticket = new TransferTicket(from.State.Cell, job.Number, sequence);
        var adopt = new AdoptJob(origin, job.Spec, job.SubmittedAt, done, requeues)
        {
            Ticket = ticket,
            Transfers = job.Transfers + 1,
            StartedAt = job.StartedAt,
            Above = sequence > 0 ? job.Allocations.First().Value.Node.Accelerator.Model : "",
        };
        if (to.Run(now, adopt) is not Accepted) return false;
        var left = from.Run(now, new ForwardJob(job.Number, to.State.Cell, done, requeues) { Sequence = sequence });
        if (left is Rejected rejected) throw new InvalidOperationException(rejected.Refusal.Message);
        to.Run(now, new SettleAdoption(origin, true, done, requeues) { Ticket = ticket });
        var booking = _table.Book(to.State.Cell, routed);
        to.Advance(now, []);
        _table.Settle(booking, to.State.RoundNumber);
        return true;
    }

    /// <summary>True when a cell has something new to tell.</summary>
    public bool TakeStatuses()
    {
        var news = false;
        foreach (var cell in Cells)
        {
            if (_told.GetValueOrDefault(cell.State.Cell, -1) == cell.State.RoundNumber) continue;
            Tell(cell);
            news = true;
        }

        return news;
    }

    private void Tell(VirtualCell cell)
    {
        _table.Update(CellStatus.Of(cell.State));
        _told[cell.State.Cell] = cell.State.RoundNumber;
    }
}
