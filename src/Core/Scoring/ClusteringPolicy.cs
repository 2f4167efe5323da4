namespace Stockpile.Core.Scoring;

/// <summary>
/// Keeps tasks of equal device demand together, as in Weng et al. (ATC'23): first nodes that run only this kind, then
/// nodes that run it among others, then empty ones; fuller nodes before emptier ones. CPU-only tasks: any node.
/// </summary>
[ScoringPolicy("clustering", "tasks of equal device demand share nodes")]
public sealed class ClusteringPolicy : IScoringPolicy
{
    public int Score(in TaskShape task, NodeRoom node, out uint devices)
    {
        devices = node.Tightest(task);
        if (task.DeviceCount == 0) return 0;
        var same = node.TasksOf(task.Kind);
        var withDevices = node.Tasks - node.TasksOf(0);
        var company = withDevices == 0 ? 25 : same == withDevices ? 75 : same > 0 ? 50 : 0;
        return company + Math.Max(0, (int)(25 * (LargestNode.DeviceMilli - node.FreeMilliTotal)
            / LargestNode.DeviceMilli));
    }
}
