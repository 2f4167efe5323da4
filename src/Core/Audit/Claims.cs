using Stockpile.Core.State;

namespace Stockpile.Core.Audit;

/// <summary>How far an allocation is, as its cell has it.</summary>
public enum ClaimedStage
{
    /// <summary>Placed; no node has reported its start.</summary>
    Placed,

    Running,

    /// <summary>A part of a gang that did its work and waits for the rest.</summary>
    Finished,
}

/// <param name="DeviceMask">Bit i is device i.</param>
/// <param name="ShareMilli">Thousandths of the single device in the mask; 0: whole devices.</param>
public sealed record ClaimedAllocation(long Sequence, ClaimedStage Stage, uint DeviceMask, int ShareMilli);

/// <summary>A node as its cell has it.</summary>
/// <param name="Lost">The cell counts on nothing there.</param>
public sealed record ClaimedNode(
    string Node, string Host, long Incarnation, bool Lost, IReadOnlyList<ClaimedAllocation> Allocations);

/// <summary>What a cell says it holds, after a durable round.</summary>
/// <param name="Member">Address of the member that runs the cell.</param>
/// <param name="Digest">See <see cref="Cells.AllocationsHash"/>.</param>
/// <param name="Hosts">Hosts to ask: those with nodes here, and those that spoke lately.</param>
public sealed record CellClaim(
    string Cell, long Epoch, long Round, DateTimeOffset At, string Member, string Digest,
    IReadOnlyList<string> Hosts, IReadOnlyList<ClaimedNode> Nodes);

/// <summary>A node as its host has it.</summary>
/// <param name="Running">Sequences of the allocations it runs.</param>
/// <param name="Ended">Sequences of those that ended without the cell having acknowledged it.</param>
public sealed record HostedNodeClaim(
    string Node, long Incarnation, bool Up, IReadOnlyCollection<long> Running, IReadOnlyCollection<long> Ended);

/// <summary>What a host says of its nodes in one cell.</summary>
/// <param name="Epoch">The highest epoch of the cell that it has seen; 0: none yet.</param>
public sealed record HostClaim(string Host, string Cell, long Epoch, IReadOnlyList<HostedNodeClaim> Nodes);

/// <summary>What the journal says of a cell.</summary>
/// <param name="Round">The round up to which it was replayed: the claim's, or its last one if earlier.</param>
/// <param name="Digest">Of the replayed state.</param>
/// <param name="Epoch">The highest epoch in the whole journal, later rounds included.</param>
/// <param name="Broken">Why it could not be replayed; null: it could.</param>
public sealed record JournalClaim(long Round, string Digest, long Epoch, string? Broken = null);

/// <summary>What one look found out about one cell.</summary>
/// <param name="Claim">Null: the cell did not answer.</param>
/// <param name="Journal">Null where there is no claim to compare it with.</param>
/// <param name="Hosts">Those that answered.</param>
public sealed record CellLook(
    string Cell, CellClaim? Claim, JournalClaim? Journal, IReadOnlyList<HostClaim> Hosts);
