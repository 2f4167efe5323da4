using Stockpile.Node.Devices;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Nodes;

// Between the host and its nodes, within one process: plain records that never cross a wire.

// Host to node.

/// <summary>Run this allocation. Idempotent by sequence.</summary>
/// <param name="Allocation">The allocation's id, which names its actor.</param>
public sealed record StartWork(
    string Allocation,
    long Sequence,
    uint DeviceMask,
    int ShareMilli,
    TimeSpan RunTime,
    double Done);

/// <summary>End this allocation and free its devices. Idempotent by sequence.</summary>
/// <param name="Grace">Simulated time in which it may drain and write a checkpoint first; zero: at once.</param>
public sealed record StopWork(long Sequence, TimeSpan Grace = default);

/// <summary>The cell has acknowledged that it completed; it need not be remembered.</summary>
public sealed record ForgetWork(long Sequence, long Incarnation);

/// <summary>The cell knows a newer incarnation of the node: have at least this one, and say so.</summary>
public sealed record RaiseIncarnation(long Least);

/// <summary>Say what runs on you.</summary>
public sealed record Advertise
{
    public static readonly Advertise Instance = new();
}

/// <summary>Simulated fault: all that runs is lost and the node is down.</summary>
public sealed record FailNode(string Reason);

/// <summary>Simulated fault: what runs, and what will, takes so many times as long.</summary>
public sealed record SlowNode(double Factor);

/// <summary>End of the simulated faults.</summary>
public sealed record RecoverNode;

// Node to host.

/// <summary>The node is up and runs these, or they ended and the cell has not acknowledged it.</summary>
public sealed record NodeAdvertised(string Node, long Incarnation, IReadOnlyList<long> Running);

/// <summary>Something the cell must learn about one allocation.</summary>
/// <param name="Work">Its run where it started; else null.</param>
public sealed record WorkNoticed(string Node, long Incarnation, long Sequence, ReportKind Kind, RunningWork? Work)
{
    /// <summary>Stopped after a grace: share of the run that its last checkpoint holds, 0..1.</summary>
    public double Done { get; init; }
}

/// <summary>The allocation does no more work and is about to end.</summary>
public sealed record WorkDraining(string Node, long Sequence);

/// <summary>The speed of a running allocation changed, so its progress is another line.</summary>
public sealed record WorkStretched(string Node, long Sequence, RunningWork Work);

/// <summary>The node went down with all it ran.</summary>
public sealed record NodeFailed(string Node, long Incarnation, string Reason);

// Allocation to node.

/// <summary>The allocation has done its work.</summary>
public sealed record AllocationDone(long Sequence);
