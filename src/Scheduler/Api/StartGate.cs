namespace Stockpile.Scheduler.Api;

/// <summary>
/// A process with nodes of its own is not ready before they have joined: whoever came earlier would find no cell, or
/// only some of them. A scheduler without nodes has no gate; its nodes may come when they like.
/// </summary>
public sealed class StartGate
{
    private volatile string? _why = "the nodes of this process are joining";

    /// <summary>Why the process is not ready; null: it is.</summary>
    public string? Why => _why;

    public void Open() => _why = null;
}
