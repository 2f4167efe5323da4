using Akka.Actor;
using Stockpile.Core;
using Stockpile.Core.State;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Mapping;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// The audits that a cell tells in parts, because its nodes do not fit into one reply. All parts of one are of the same
/// round, or they could not be compared with the journal, so the cell keeps it until its last part is told.
/// </summary>
public sealed class AuditParts
{
    /// <summary>Audits under way; whoever needs the oldest of more than these has to begin again.</summary>
    private const int KeptMax = SchedulerLimits.JournalReadsInFlightMax;

    private readonly List<CellAudit> _kept = [];

    public CellAudit Part(
        AuditCell asked, CellState state, Address member, IEnumerable<(string Host, long Incarnation)> heard)
    {
        var whole = asked.From == 0
            ? CellAudits.Of(state, member, heard)
            : _kept.Find(a => a.Epoch == asked.Epoch && a.Round == asked.Round);
        if (whole is null || asked.From < 0 || asked.From > whole.Nodes.Count)
            return new CellAudit { Cell = state.Cell, Epoch = asked.Epoch, Round = asked.Round, Next = -1 };
        var room = new CellMapping.Room();
        var to = asked.From;
        for (; to < whole.Nodes.Count && !room.IsFull; to++) room.Take(whole.Nodes[to]);
        _kept.Remove(whole);
        if (asked.From == 0 && to == whole.Nodes.Count) return whole;
        var part = new CellAudit
        {
            Cell = whole.Cell,
            Epoch = whole.Epoch,
            Round = whole.Round,
            AtMs = whole.AtMs,
            Member = whole.Member,
            AllocationsDigest = whole.AllocationsDigest,
        };
        // Nodes name their hosts by the place in this list; it is told once.
        if (asked.From == 0) part.Hosts.AddRange(whole.Hosts);
        part.Nodes.AddRange(whole.Nodes.Skip(asked.From).Take(to - asked.From));
        if (to == whole.Nodes.Count) return part;
        part.Next = to;
        if (_kept.Count == KeptMax) _kept.RemoveAt(0);
        _kept.Add(whole);
        return part;
    }
}
