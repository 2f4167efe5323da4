using Stockpile.Core;
using Stockpile.Node.Devices;
using Stockpile.Node.Nodes;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Hosts;

/// <summary>
/// Turns what came over the wire into what a node understands. A malformed order is refused here, because a node
/// that throws takes down all it runs.
/// </summary>
public static class OrderReader
{
    // Longer runs differ from endless ones in nothing a test of time could show, and would overflow the arithmetic.
    private const long RunMsMax = 1000L * 86_400 * 1_000_000;

    // Nobody may keep devices for longer that were taken from it; it also bounds the timer.
    private const long GraceMsMax = 86_400_000;

    /// <summary>Null when the order is malformed.</summary>
    public static StartWork? Read(StartOrder order)
    {
        if (!JobId.TryParse(order.Job, out var job) || order.Sequence <= 0) return null;
        if (order.RunMs < 0 || !RunningWork.IsShare(order.Done)) return null;
        return new StartWork(
            new AllocationId(job, order.Sequence).ToString(),
            order.Sequence,
            order.DeviceMask,
            order.ShareMilli,
            TimeSpan.FromMilliseconds(Math.Min(order.RunMs, RunMsMax)),
            order.Done);
    }

    /// <summary>A grace that makes no sense is none.</summary>
    public static StopWork Read(StopOrder order) => new(
        order.Sequence, TimeSpan.FromMilliseconds(Math.Clamp(order.GraceMs, 0, GraceMsMax)));

    /// <summary>Null when the fault is of no known kind.</summary>
    public static object? Read(FaultOrder order) => order.Kind switch
    {
        FaultKind.Fail => new FailNode("simulated failure"),
        FaultKind.Slow => new SlowNode(order.Factor),
        FaultKind.Recover => new RecoverNode(),
        _ => null,
    };
}
