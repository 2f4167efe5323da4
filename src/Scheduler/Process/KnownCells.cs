using Stockpile.Core.Fleets;
using Stockpile.Core.Routing;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Mapping;

namespace Stockpile.Scheduler.Process;

/// <summary>
/// The cells as this process has heard of them: how they are, which of them do not serve, and which the journal has
/// that have not spoken yet. Any thread may ask, so the router and its submissions share one.
/// </summary>
/// <param name="salt">See <see cref="RoutingTable"/>.</param>
public sealed class KnownCells(TimeProvider real, string salt = "")
{
    /// <summary>A cell that has not repeated for so long that it is down may be elsewhere, or on its way up.</summary>
    private static readonly TimeSpan DownFor = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A cell that has said nothing for so long, three times the pause between two statuses, may be failing over: what
    /// could go elsewhere goes elsewhere.
    /// </summary>
    private static readonly TimeSpan QuietFor = TimeSpan.FromSeconds(3);

    /// <summary>After its start a process waits so long for cells that have not spoken: a job that is routed before
    /// they have would take what is left.</summary>
    private static readonly TimeSpan FirstWordsWithin = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (CellView View, long At)> _cells = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, (CellDown Said, long At)> _down = new(StringComparer.Ordinal);
    private readonly RoutingTable _table = new(salt);
    private readonly long _since = real.GetTimestamp();
    private readonly SortedSet<string> _variants = new(StringComparer.Ordinal);
    private Catalog? _catalog;

    /// <summary>Cells of the journal that have not spoken since this process started; null until they are known.
    /// </summary>
    private HashSet<string>? _silent;

    /// <summary>Cells of which the journal's first row says that they never had a key that no desk knows.</summary>
    private readonly HashSet<string> _bornWithDesks = new(StringComparer.Ordinal);

    public void Hear(CellView view)
    {
        lock (_lock)
        {
            var now = real.GetTimestamp();
            if (_cells.TryGetValue(view.Cell, out var known) && CellMapping.IsOlder(view, known.View)) return;
            _cells[view.Cell] = (view, now);
            _table.Update(view.ToStatus());
            foreach (var use in view.Models)
                if (use.Model.Contains(Catalog.VariantMark) && _variants.Add(use.Model)) _catalog = null;
            _down.Remove(view.Cell);
            _silent?.Remove(view.Cell);
        }
    }

    public void Hear(CellDown down)
    {
        lock (_lock) _down[down.Cell] = (down, real.GetTimestamp());
    }

    /// <summary>These are the cells of the journal.</summary>
    public void Remember(IReadOnlyList<string> cells)
    {
        lock (_lock) _silent = [.. cells.Where(cell => !_cells.ContainsKey(cell))];
    }

    /// <summary>A catalogue with the variants that nodes of the known cells are of.</summary>
    public Catalog CatalogOf(Catalog plain)
    {
        lock (_lock) return _variants.Count == 0 ? plain : _catalog ??= plain.WithVariants(_variants);
    }

    public bool Knows(string cell)
    {
        lock (_lock) return _cells.ContainsKey(cell);
    }

    /// <summary>A mark for <see cref="HasSpokenSince"/>.</summary>
    public long Now => real.GetTimestamp();

    public bool HasSpokenSince(string cell, long mark)
    {
        lock (_lock) return _cells.TryGetValue(cell, out var known) && known.At >= mark;
    }

    public CellDown? Down(string cell)
    {
        lock (_lock) return DownOf(cell);
    }

    /// <summary>Whether the cell is down until somebody repairs its journal.</summary>
    public bool IsStopped(string cell) => Down(cell) is { Stopped: true };

    public IReadOnlyList<CellDown> AllDown()
    {
        lock (_lock) return [.. _down.Keys.ToList().Select(DownOf).OfType<CellDown>()];
    }

    /// <summary>What cells say of clocks that differ, a line for each.</summary>
    public IReadOnlyList<string> ClockNotes()
    {
        lock (_lock) return [.. _cells.Values.Select(c => c.View.Clock).Where(note => note.Length > 0)];
    }

    /// <summary>Names of those that have spoken and that nobody calls down, however long ago that was.</summary>
    public IReadOnlyList<string> Serving()
    {
        lock (_lock) return [.. _cells.Keys.Where(cell => DownOf(cell) is null)];
    }

    /// <summary>All that have spoken and those that are stopped for good, by name.</summary>
    public IReadOnlyList<string> All()
    {
        lock (_lock)
            return [.. _cells.Keys
                .Union(_down.Keys.ToList().Where(cell => DownOf(cell) is { Stopped: true }), StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)];
    }

    /// <summary>The cell has no keys that no desk knows, which stays so whether it speaks or not.</summary>
    public void RememberBornWithDesks(string cell)
    {
        lock (_lock) _bornWithDesks.Add(cell);
    }

    /// <summary>Cells that have to be asked for keys of before there were desks, and those that may have to be and have
    /// not spoken; null: it is not known which cells there are.</summary>
    public (IReadOnlyList<string> Ask, IReadOnlyList<string> Silent)? KeyHolders()
    {
        lock (_lock)
        {
            if (_silent is null) return null;
            return ([.. _cells.Values.Where(c => !c.View.KeysAtDesks).Select(c => c.View.Cell)],
                [.. _silent.Except(_bornWithDesks).Order(StringComparer.Ordinal)]);
        }
    }

    /// <summary>Cells of the journal that have not spoken and do not say why; null: they are not known.</summary>
    public IReadOnlyList<string>? Silent()
    {
        lock (_lock)
            return _silent is null ? null
                : [.. _silent.Where(cell => DownOf(cell) is null).Order(StringComparer.Ordinal)];
    }

    /// <summary>Why nothing can be routed yet; null: it can.</summary>
    public ClusterUnavailableException? WhyNotYet()
    {
        if (Silent() is not { } silent) return NotYet("the cells of the journal are being looked up");
        if (silent.Count > 0 && real.GetElapsedTime(_since) < FirstWordsWithin)
            return NotYet($"cells are starting: {string.Join(", ", silent)}");
        if (Serving().Count > 0) return null;
        if (AllDown() is [var first, ..]) return Unavailable(first);
        return silent.Count > 0
            ? NotYet($"cells are starting: {string.Join(", ", silent)}")
            : NotYet("no cell is known yet: no node has joined");
    }

    /// <summary>Why a request for a cell that has not spoken cannot be answered now; null: no such cell is known.
    /// </summary>
    public ClusterUnavailableException? WhyNotYet(string cell)
    {
        lock (_lock)
        {
            if (DownOf(cell) is { } down) return Unavailable(down);
            if (_silent is null) return NotYet("the cells of the journal are being looked up", nothingTaken: false);
            return _silent.Contains(cell) ? NotYet($"cell {cell} is starting", nothingTaken: false) : null;
        }
    }

    /// <summary>
    /// The best cell for a job among those that serve, and what is booked for it there. Cells that have been quiet for
    /// a while come in where no other could run it.
    /// </summary>
    /// <param name="but">Cells that have refused it.</param>
    /// <param name="book">False for a dry run.</param>
    public (string Cell, Possible Could, RoutingTable.Booking? Booking)? Choose(
        RoutedJob job, IReadOnlySet<string> but, bool book)
    {
        lock (_lock)
        {
            var now = real.GetTimestamp();
            var cell = _table.Choose(job, c => Takes(c) && real.GetElapsedTime(_cells[c].At, now) <= QuietFor)
                ?? _table.Choose(job, Takes);
            if (cell is null) return null;
            var room = _table.Find(cell)!;
            var could = room.Could(job);
            if (could == Possible.Never) could = room.Could(job, asGuest: true);
            return (cell, could, book ? _table.Book(cell, job) : null);

            bool Takes(string c) => !but.Contains(c) && DownOf(c) is null;
        }
    }

    public void Settle(RoutingTable.Booking booking, long round)
    {
        lock (_lock) _table.Settle(booking, round);
    }

    public void Drop(RoutingTable.Booking booking)
    {
        lock (_lock) _table.Drop(booking);
    }

    /// <summary>How the other cells are that serve and have spoken lately.</summary>
    public IReadOnlyList<CellStatus> Others(string cell)
    {
        lock (_lock)
        {
            var now = real.GetTimestamp();
            return [.. _cells.Where(c => c.Key != cell && DownOf(c.Key) is null
                    && real.GetElapsedTime(c.Value.At, now) <= QuietFor)
                .Select(c => _table.Find(c.Key)!.Status)];
        }
    }

    private CellDown? DownOf(string cell)
    {
        if (!_down.TryGetValue(cell, out var down)) return null;
        if (real.GetElapsedTime(down.At) < DownFor) return down.Said;
        _down.Remove(cell);
        return null;
    }

    private static ClusterUnavailableException NotYet(string why, bool nothingTaken = true) =>
        new(why, TimeSpan.FromSeconds(1), nothingTaken);

    public static ClusterUnavailableException Unavailable(CellDown down) =>
        new(down.Message, RetryAfter(down), nothingTaken: true);

    /// <summary>A client that comes again too soon learns the same; one that waits for minutes is not served when the
    /// cell is.</summary>
    public static TimeSpan RetryAfter(CellDown down) =>
        TimeSpan.FromMilliseconds(Math.Clamp(down.RetryAfterMs, 1_000, 30_000));
}
