namespace Stockpile.Scheduler.Api.Contracts;

/// <summary>What a comparison of the journal, the cells and the nodes found.</summary>
public sealed record AuditResponse
{
    /// <summary>Nothing disagrees.</summary>
    public bool Clean { get; init; }

    /// <summary>How often everything was looked at; a finding counts only when every look had it.</summary>
    public int Looks { get; init; }

    /// <summary>Findings of the first look that passed by themselves: a cluster in motion.</summary>
    public int Passed { get; init; }
    public required IReadOnlyList<CellAuditResponse> Cells { get; init; }
    public required IReadOnlyList<FindingResponse> Findings { get; init; }
}

/// <summary>One cell at the last look.</summary>
public sealed record CellAuditResponse
{
    public required string Cell { get; init; }

    /// <summary>Address of the member that runs it; left out when it did not answer.</summary>
    public string? Member { get; init; }
    public long Epoch { get; init; }
    public long Round { get; init; }
    public DateTimeOffset? At { get; init; }
    public int Nodes { get; init; }
    public int NodesLost { get; init; }
    public int Allocations { get; init; }

    /// <summary>Fingerprint of its allocations, as <c>journal check</c> prints it.</summary>
    public string? Digest { get; init; }

    /// <summary>Hosts that answered, and those that were asked.</summary>
    public int Hosts { get; init; }
    public int HostsAsked { get; init; }

    /// <summary>No finding is about it.</summary>
    public bool Agrees { get; init; }
}

/// <summary>One disagreement.</summary>
public sealed record FindingResponse
{
    /// <summary>Such as <c>not-running</c>.</summary>
    public required string Kind { get; init; }
    public required string Cell { get; init; }
    public string? Host { get; init; }
    public string? Node { get; init; }

    /// <summary>Sequence of the allocation in its cell.</summary>
    public long? Allocation { get; init; }
    public required string Message { get; init; }
}
