using Stockpile.Core;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Hosts;

/// <summary>What a host knows of one cell, and the messages it has for it. Holds no clock and sends nothing.</summary>
public sealed class CellLink(string cell, string host)
{
    private readonly List<NodeLink> _nodes = [];
    private readonly Dictionary<string, NodeLink> _byName = new(StringComparer.Ordinal);
    private int _nextInBeat;

    public string Cell { get; } = cell;

    /// <summary>The highest seen; 0: none yet.</summary>
    public long Epoch { get; private set; }

    public IReadOnlyList<NodeLink> Nodes => _nodes;

    public ReportOutbox Outbox { get; } = new();

    public long OrdersRefused { get; set; }

    public void Add(NodeLink node)
    {
        _nodes.Add(node);
        _byName.Add(node.Spec.Id, node);
    }

    /// <summary>Null when the node is not here, or in another cell.</summary>
    public NodeLink? Find(string node) => _byName.GetValueOrDefault(node);

    /// <summary>
    /// Takes note of an epoch; true when the cell recovered since the host last heard of it, so that its nodes must
    /// advertise again. Before the first epoch they all advertise anyway.
    /// </summary>
    public bool IsRecovered(long epoch)
    {
        var recovered = Epoch > 0 && epoch > Epoch;
        Epoch = Math.Max(Epoch, epoch);
        return recovered;
    }

    /// <summary>Takes note of which nodes the cell admitted, and which ask again only after some beats.</summary>
    public void Answered(AdvertiseReply reply, int retryBeats)
    {
        var incarnations = reply.AdmittedIncarnations;
        var said = incarnations.Count == reply.Admitted.Count;
        for (var i = 0; i < reply.Admitted.Count; i++)
            Find(reply.Admitted[i])?.Admitted(said ? incarnations[i] : 0);
        foreach (var refused in reply.Refused)
            Find(refused.Node)?.Refused(refused.Incarnation, retryBeats, refused.KnownIncarnation);
    }

    /// <param name="now">Simulated.</param>
    /// <param name="wall">What the clock of the machine says.</param>
    public HostBeat Beat(long incarnation, DateTimeOffset now, DateTimeOffset wall, int progressMax)
    {
        var beat = new HostBeat
        {
            Cell = Cell,
            Host = host,
            HostIncarnation = incarnation,
            Nodes = Nodes.Count(n => n.IsUp),
            WallMs = wall.ToUnixTimeMilliseconds(),
        };
        for (var seen = 0; seen < Nodes.Count && beat.Progress.Count < progressMax; seen++)
        {
            var node = Nodes[_nextInBeat];
            _nextInBeat = (_nextInBeat + 1) % Nodes.Count;
            foreach (var (sequence, run) in node.Running)
                if (run.Due is not null)
                    beat.Progress.Add(new Progress { Sequence = sequence, Done = run.DoneAt(now) });
        }

        return beat;
    }

    /// <summary>As many beats as it takes to tell the progress of everything.</summary>
    public IEnumerable<HostBeat> LastBeats(long incarnation, DateTimeOffset now, int progressMax)
    {
        foreach (var batch in Nodes.SelectMany(n => n.Running).Where(r => r.Value.Due is not null).Chunk(progressMax))
        {
            var beat = new HostBeat
            {
                Cell = Cell,
                Host = host,
                HostIncarnation = incarnation,
                Nodes = Nodes.Count(n => n.IsUp),
            };
            foreach (var (sequence, run) in batch)
                beat.Progress.Add(new Progress { Sequence = sequence, Done = run.DoneAt(now) });
            yield return beat;
        }
    }

    /// <summary>
    /// All that waits to be sent. Reports go before adverts: what a node's last incarnation did is told before the
    /// next one introduces itself.
    /// </summary>
    public IEnumerable<ICellMessage> TakeMessages()
    {
        foreach (var batch in Outbox.TakeUnsent(WireLimits.OrdersPerMessageMax))
        {
            var reports = new WorkReports { Cell = Cell, Host = host };
            reports.Reports.AddRange(batch);
            yield return reports;
        }

        foreach (var batch in Nodes.Where(n => n.ToSend is not null).Chunk(WireLimits.AdvertsPerMessageMax))
        {
            var adverts = new AdvertiseNodes { Cell = Cell, Host = host };
            adverts.Nodes.AddRange(batch.Select(n => n.TakeAdvert()));
            yield return adverts;
        }
    }

    /// <summary>What an audit wants to know.</summary>
    /// <param name="from">The first node to tell of; the answer has as many as fit into a reply.</param>
    public HostAudit Audit(long incarnation, int from)
    {
        var audit = new HostAudit { Host = host, HostIncarnation = incarnation, Cell = Cell, Epoch = Epoch };
        var ended = Outbox.All.Where(r => r.Kind is ReportKind.Completed or ReportKind.Stopped)
            .ToLookup(r => (r.Node, r.Incarnation), r => r.Sequence);
        var size = 0;
        foreach (var node in Nodes.Skip(from))
        {
            if (size > WireLimits.ReplyBytesMax)
            {
                audit.Next = from + audit.Nodes.Count;
                break;
            }

            var hosted = new HostedNode { Node = node.Spec.Id, Incarnation = node.Incarnation, Up = node.IsUp };
            hosted.Running.AddRange(node.Running.Keys.Order());
            hosted.Ended.AddRange(ended[(node.Spec.Id, node.Incarnation)].Concat(node.Draining).Distinct().Order());
            size += hosted.CalculateSize();
            audit.Nodes.Add(hosted);
        }

        return audit;
    }

    public HostCellStatus Status() => new(
        Cell,
        Epoch,
        Nodes.Count,
        Nodes.Count(n => n.IsUp),
        Nodes.Count(n => n.IsUnanswered),
        Nodes.Sum(n => n.Running.Count),
        Outbox.Waiting,
        OrdersRefused);
}
