namespace Stockpile.Core.Audit;

/// <summary>The ways in which journal, cells and nodes can disagree.</summary>
public enum AuditKind
{
    /// <summary>The journal knows the cell, and it does not answer.</summary>
    CellSilent,

    /// <summary>The journal cannot be replayed: a row breaks an invariant or cannot be read.</summary>
    JournalBroken,

    /// <summary>The journal, replayed to the cell's round, holds other allocations, or ends before it.</summary>
    JournalDiffers,

    /// <summary>The journal or a host knows a newer owner than the one that answered.</summary>
    TwoOwners,

    /// <summary>A host that has nodes of the cell does not answer.</summary>
    HostSilent,

    /// <summary>The cell has a node at a host that does not have it.</summary>
    NodeMissing,

    /// <summary>A host has a node up that its cell does not know.</summary>
    NodeUnknown,

    /// <summary>Cell and host do not agree whether a node is up.</summary>
    NodeStateDiffers,

    /// <summary>Cell and host know different incarnations of a node.</summary>
    IncarnationDiffers,

    /// <summary>A node stands in two cells.</summary>
    NodeInTwoCells,

    /// <summary>Two hosts have the same node up.</summary>
    NodeOnTwoHosts,

    /// <summary>An allocation that its cell has running is not on its node.</summary>
    NotRunning,

    /// <summary>A node runs what its cell does not have running there.</summary>
    RunsUnknown,

    /// <summary>One allocation is on two nodes.</summary>
    OnTwoNodes,

    /// <summary>More than the whole of a device is bound.</summary>
    DeviceHeldTwice,
}

/// <summary>One disagreement.</summary>
/// <param name="Node">Empty: none in particular.</param>
/// <param name="Sequence">Of the allocation; 0: none in particular.</param>
/// <param name="Sentence">For people, one line.</param>
public sealed record AuditFinding(AuditKind Kind, string Cell, string Node, long Sequence, string Sentence)
{
    /// <summary>
    /// What makes it the same disagreement on a second look. A cell that has recovered since has another epoch: what
    /// was wrong with the one before is to be seen anew.
    /// </summary>
    public (AuditKind Kind, string Cell, string Node, long Sequence, string Host, long Epoch) Identity =>
        (Kind, Cell, Node, Sequence, Host, Epoch);

    /// <summary>The host it is about; empty: none in particular.</summary>
    public string Host { get; init; } = "";

    /// <summary>Of the cell that was asked; 0: it did not answer.</summary>
    public long Epoch { get; init; }
}
