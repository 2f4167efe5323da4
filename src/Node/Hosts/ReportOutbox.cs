using Stockpile.Protocol.V1;

namespace Stockpile.Node.Hosts;

/// <summary>
/// The reports to one cell, from the moment they are made until the cell acknowledges them. Pure: it counts ticks
/// that its owner gives it. One report per node incarnation, sequence and kind waits at a time, so it cannot grow
/// beyond what the nodes run.
/// </summary>
public sealed class ReportOutbox
{
    private readonly SortedDictionary<long, Entry> _waiting = [];
    private readonly SortedSet<long> _unsent = [];
    private readonly Dictionary<(string Node, long Incarnation, long Sequence, ReportKind Kind), long> _idOf = [];
    private long _lastId;
    private long _tick;

    public int Waiting => _waiting.Count;

    /// <summary>All that is not acknowledged, in the order it happened.</summary>
    public IEnumerable<WorkReport> All => _waiting.Values.Select(entry => entry.Report);

    /// <summary>Puts a report up for the next batch; one that waits already goes out again with its first id.</summary>
    public void Add(string node, long incarnation, long sequence, ReportKind kind, string reason = "", double done = 0)
    {
        var key = (node, incarnation, sequence, kind);
        if (!_idOf.TryGetValue(key, out var id))
        {
            id = ++_lastId;
            _idOf.Add(key, id);
            _waiting.Add(id, new Entry(new WorkReport
            {
                Id = id,
                Node = node,
                Incarnation = incarnation,
                Sequence = sequence,
                Kind = kind,
                Reason = reason,
                Done = done,
            }));
        }

        _unsent.Add(id);
    }

    /// <summary>Time passes: what was sent at least <paramref name="ticks"/> ticks ago goes out again.</summary>
    public void Tick(int ticks)
    {
        _tick++;
        foreach (var (id, entry) in _waiting)
            if (_tick - entry.SentAt >= ticks)
                _unsent.Add(id);
    }

    /// <summary>All that is not acknowledged goes out with the next batch.</summary>
    public void SendAgain() => _unsent.UnionWith(_waiting.Keys);

    /// <summary>What is to be sent now, in the order it happened, in batches of a bounded size.</summary>
    public IReadOnlyList<IReadOnlyList<WorkReport>> TakeUnsent(int batchMax)
    {
        if (_unsent.Count == 0) return [];
        foreach (var id in _unsent) _waiting[id].SentAt = _tick;
        List<IReadOnlyList<WorkReport>> batches =
            [.. _unsent.Select(id => _waiting[id].Report).Chunk(batchMax)];
        _unsent.Clear();
        return batches;
    }

    /// <summary>The cell knows it. Null when the id is unknown, or was acknowledged before.</summary>
    public WorkReport? Acknowledge(long id)
    {
        if (!_waiting.Remove(id, out var entry)) return null;
        _unsent.Remove(id);
        var report = entry.Report;
        _idOf.Remove((report.Node, report.Incarnation, report.Sequence, report.Kind));
        return report;
    }

    private sealed class Entry(WorkReport report)
    {
        public WorkReport Report { get; } = report;

        public long SentAt { get; set; } = long.MaxValue;
    }
}
