using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Routing;

/// <summary>
/// The cells as a router knows them, and what it has sent to each that their statuses do not tell yet. A status may be
/// a second old: without those bookings a burst would pile onto the cell that looked best before it. One thread at a
/// time.
/// </summary>
public sealed class RoutingTable
{
    /// <summary>One job that was sent to a cell.</summary>
    public sealed class Booking(string cell, RoutedJob job)
    {
        public string Cell { get; } = cell;

        public RoutedJob Job { get; } = job;

        /// <summary>The round that took the job; <see cref="long.MaxValue"/> until the cell has answered.</summary>
        public long Round { get; internal set; } = long.MaxValue;
    }

    private sealed class Entry(CellStatus status)
    {
        public CellRoom Room { get; set; } = new(status);

        public List<Booking> Bookings { get; } = [];
    }

    private readonly SortedDictionary<string, Entry> _cells;

    /// <param name="salt">Cells that are equally good are taken in an order of this text's own: routers that know
    /// nothing of each other's jobs do not all begin with the same cell. Empty: by name.</param>
    public RoutingTable(string salt = "") => _cells = new SortedDictionary<string, Entry>(
        salt.Length == 0 ? StringComparer.Ordinal : Comparer<string>.Create((x, y) =>
        {
            var order = Mixed(salt, x).CompareTo(Mixed(salt, y));
            return order != 0 ? order : string.CompareOrdinal(x, y);
        }));

    /// <summary>FNV-1a (Fowler, Noll and Vo), 32 bits: the same in every process, which a hash code is not.</summary>
    private static uint Mixed(string salt, string cell)
    {
        var hash = 2_166_136_261u;
        foreach (var c in salt) hash = (hash ^ c) * 16_777_619;
        foreach (var c in cell) hash = (hash ^ c) * 16_777_619;
        return hash;
    }

    /// <summary>Names of the known cells, in order.</summary>
    public IReadOnlyCollection<string> Cells => _cells.Keys;

    /// <summary>Takes a cell's newer status; bookings that it holds already are done with.</summary>
    public void Update(CellStatus status)
    {
        if (!_cells.TryGetValue(status.Cell, out var entry))
        {
            _cells.Add(status.Cell, new Entry(status));
            return;
        }

        entry.Bookings.RemoveAll(b => b.Round <= status.Round);
        entry.Room = new CellRoom(status);
        foreach (var booking in entry.Bookings) entry.Room.Take(booking.Job);
    }

    /// <summary>Counts a job as sent to a cell until a status tells of it.</summary>
    public Booking Book(string cell, RoutedJob job)
    {
        var booking = new Booking(cell, job);
        if (!_cells.TryGetValue(cell, out var entry)) return booking;
        entry.Bookings.Add(booking);
        entry.Room.Take(job);
        return booking;
    }

    /// <summary>The cell has answered: a status of this round or a later one tells of the job.</summary>
    public void Settle(Booking booking, long round)
    {
        booking.Round = round;
        if (_cells.TryGetValue(booking.Cell, out var entry) && entry.Room.Status.Round >= round)
            entry.Bookings.Remove(booking);
    }

    /// <summary>The job was refused, or nothing is known of it.</summary>
    public void Drop(Booking booking)
    {
        if (_cells.TryGetValue(booking.Cell, out var entry)) entry.Bookings.Remove(booking);
    }

    /// <summary>
    /// The best cell for a job by <see cref="CellRank"/>: one where it is at home. Cells where it could only be a guest
    /// come after those, but for batch tasks that would wait at home. Null when no cell could ever run the job, by what
    /// they tell.
    /// </summary>
    /// <param name="among">Which cells may be chosen.</param>
    public string? Choose(RoutedJob job, Func<string, bool> among)
    {
        var home = Best(job, room => among(room.Cell) && room.Could(job) != Possible.Never);
        // A service that is a guest where it has no home stays there as long as it lives.
        if (home is not null && job.Spec.Kind != JobKind.Batch) return home.Value.Cell;
        var guest = Best(job, room => among(room.Cell) && room.Could(job) == Possible.Never
            && room.Could(job, asGuest: true) != Possible.Never);
        return home is null || guest?.Rank < home.Value.Rank ? guest?.Cell : home.Value.Cell;
    }

    /// <summary>All cells that could run a job, in the order in which <see cref="Choose"/> would take them.</summary>
    public IReadOnlyList<(string Cell, CellRank Rank)> Order(RoutedJob job, Func<string, bool> among)
    {
        var home = new List<(string Cell, CellRank Rank)>();
        var guest = new List<(string Cell, CellRank Rank)>();
        foreach (var (cell, entry) in _cells)
        {
            if (!among(cell)) continue;
            if (entry.Room.Could(job) != Possible.Never) home.Add((cell, entry.Room.Rank(job)));
            else if (entry.Room.Could(job, asGuest: true) != Possible.Never) guest.Add((cell, entry.Room.Rank(job)));
        }

        if (job.Spec.Kind != JobKind.Batch) return [.. home.OrderBy(c => c.Rank), .. guest.OrderBy(c => c.Rank)];
        home.AddRange(guest);
        return [.. home.OrderBy(c => c.Rank)];
    }
    /// <summary>The best cell in which a waiting job, or a task of it, would have devices at home at once.</summary>
    public string? ChooseNow(RoutedJob job, Func<string, bool> among) =>
        Best(job, room => among(room.Cell) && room.Could(job) != Possible.Never && room.HasRoomAtHome(job))?.Cell;

    /// <summary>The best cell in which a gang would have devices that are free.</summary>
    public string? ChooseFree(RoutedJob gang, Func<string, bool> among) =>
        Best(gang, room => among(room.Cell) && room.Could(gang) != Possible.Never
            && room.Rank(gang).Level is var level && level < CellRank.Preempting && level % 2 == 0)?.Cell;

    /// <summary>True when somebody waits in one of the cells who may use the model.</summary>
    public bool IsWanted(string model) => _cells.Values.Any(c => c.Room.Status.Wanted.Contains(model));

    private (string Cell, CellRank Rank)? Best(RoutedJob job, Func<CellRoom, bool> among)
    {
        (string Cell, CellRank Rank)? best = null;
        foreach (var (cell, entry) in _cells)
        {
            if (!among(entry.Room)) continue;
            var rank = entry.Room.Rank(job);
            if (best is null || rank < best.Value.Rank) best = (cell, rank);
        }

        return best;
    }

    /// <summary>A cell's room, less what was sent there; null: unknown.</summary>
    public CellRoom? Find(string cell) => _cells.GetValueOrDefault(cell)?.Room;
}
