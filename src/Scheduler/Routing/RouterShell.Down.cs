using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Routing;

/// <summary>
/// Cells that do not serve say so themselves, once a second. New jobs go to the others; whoever asks for one of these
/// is told why it does not answer.
/// </summary>
public sealed partial class RouterShell
{
    /// <summary>A cell that has not repeated for so long that it is down may be elsewhere, or on its way up.</summary>
    private static readonly TimeSpan DownFor = TimeSpan.FromSeconds(5);

    private readonly SortedDictionary<string, (CellDown Said, long At)> _down = new(StringComparer.Ordinal);

    private void OnDown(CellDown down) => _down[down.Cell] = (down, options.Real.GetTimestamp());

    private CellDown? Down(string cell)
    {
        if (!_down.TryGetValue(cell, out var down)) return null;
        if (options.Real.GetElapsedTime(down.At) < DownFor) return down.Said;
        _down.Remove(cell);
        return null;
    }

    private List<CellDown> AllDown() => [.. _down.Keys.ToList().Select(Down).OfType<CellDown>()];

    /// <summary>Whether the cell is down until somebody repairs its journal.</summary>
    private bool IsStopped(string cell) => Down(cell) is { Stopped: true };

    /// <summary>Those that have digests and may take a job.</summary>
    private List<CellView> Serving() => [.. _cells.Values.Where(view => Down(view.Cell) is null)];

    /// <summary>
    /// Where a user's key may be at home. Who serves just now has no part in it: an earlier attempt with the key may
    /// still be on its way to a cell that is down for a moment, and the next one must not end elsewhere.
    /// </summary>
    private List<CellView> KeyHomes() => [.. _cells.Values.Where(view => !IsStopped(view.Cell))];

    /// <summary>Cells that have to be asked before anything new is taken, with those that only know their keys.
    /// </summary>
    private IEnumerable<string> KeyHolders() =>
        _cells.Keys.Union(_down.Keys.ToList().Where(IsStopped), StringComparer.Ordinal);

    /// <summary>Why a request for a cell that has not spoken cannot be answered now; null: no such cell is known.
    /// </summary>
    private ClusterUnavailableException? NotYet(string cell)
    {
        if (Down(cell) is { } down) return Unavailable(down);
        if (_silent is null) return Unavailable("the cells of the journal are being looked up");
        return _silent.Contains(cell) ? Unavailable($"cell {cell} is starting") : null;
    }

    private static ClusterUnavailableException Unavailable(CellDown down) =>
        new(down.Message, RetryAfter(down), nothingTaken: true);

    /// <summary>A client that comes again too soon learns the same; one that waits for minutes is not served when the
    /// cell is.</summary>
    private static TimeSpan RetryAfter(CellDown down) =>
        TimeSpan.FromMilliseconds(Math.Clamp(down.RetryAfterMs, 1_000, 30_000));
}
