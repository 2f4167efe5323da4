using Stockpile.Core;
using Stockpile.Hosting.Data;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// The time of one cell, and which clocks differ from that of its scheduler. A cell that comes to a scheduler whose
/// clock is behind the cell's last round goes on from there; otherwise its time would stand until the clock has caught
/// up.
/// </summary>
internal sealed class CellClock(string cell, TimeProvider simulated, TimeProvider real)
{
    private readonly SortedDictionary<string, TimeSpan[]> _hosts = new(StringComparer.Ordinal);
    private TimeSpan _ahead;

    /// <summary>Simulated.</summary>
    public DateTimeOffset Now => simulated.GetUtcNow() + _ahead;

    /// <summary>How much real time has passed since a round, whoever wrote it: its instant is in the journal, so this
    /// is known after a recovery too.</summary>
    public TimeSpan Since(DateTimeOffset round) => (Now - round) / Speed;

    private double Speed => (simulated as ScaledTimeProvider)?.Speed ?? 1;

    /// <summary>The cell's last round was at this time.</summary>
    public void Begin(DateTimeOffset last)
    {
        var ahead = last - simulated.GetUtcNow();
        _ahead = ahead > TimeSpan.Zero ? ahead : TimeSpan.Zero;
    }

    /// <summary>What the clock of a host's machine said when it beat.</summary>
    public void Note(string host, DateTimeOffset wall)
    {
        var ahead = wall - real.GetUtcNow();
        if (_hosts.TryGetValue(host, out var known)) _hosts[host] = [known[^1], ahead];
        else if (_hosts.Count < Limits.NodesPerCellMax) _hosts.Add(host, [ahead]);
    }

    public void Forget(string host) => _hosts.Remove(host);

    /// <summary>How the host's clock differs, as a part of a sentence; null: not by much.</summary>
    public string? NoteOf(string host) => _hosts.TryGetValue(host, out var ahead) && Differs(ahead.Max())
        ? $"the clock of its host {host} is {Words(ahead.Max())} that of the scheduler"
        : null;

    /// <summary>All that users should know, in a line; empty: nothing.</summary>
    public string Line
    {
        get
        {
            var notes = new List<string>();
            if (Differs(_ahead / Speed))
                notes.Add($"the time of cell {cell} is {_ahead.TotalSeconds:0} s ahead of the clock of its scheduler, "
                    + "which was put back or is behind; it goes on from there");
            // A beat that was under way for long looks like a clock that is behind, so the later of two counts.
            var hosts = _hosts.Where(h => Differs(h.Value.Max())).ToList();
            if (hosts is [var first, ..])
                notes.Add($"the clock of host {first.Key} is {Words(first.Value.Max())} that of the scheduler of cell "
                    + $"{cell}{(hosts.Count > 1 ? $", and those of {hosts.Count - 1} more hosts differ" : "")}");
            return string.Join("; ", notes);
        }
    }

    private static bool Differs(TimeSpan by) => by.Duration() >= ScaledTimeProvider.CorrectionThatMatters;

    private static string Words(TimeSpan ahead) =>
        $"{ahead.Duration().TotalSeconds:0} s {(ahead > TimeSpan.Zero ? "ahead of" : "behind")}";
}
