namespace Stockpile.Node.Hosts;

/// <summary>Asks a host, within its process, for its <see cref="HostStatus"/>.</summary>
public sealed record GetHostStatus
{
    public static readonly GetHostStatus Instance = new();
}

/// <summary>What a host knows, for the inspector.</summary>
public sealed record HostStatus(string Host, long Incarnation, IReadOnlyList<HostCellStatus> Cells);

/// <param name="NodesUnanswered">Nodes whose advert the cell has not admitted.</param>
/// <param name="ReportsWaiting">Reports the cell has not acknowledged.</param>
/// <param name="OrdersRefused">Messages with orders of an older epoch than one seen.</param>
public sealed record HostCellStatus(
    string Cell,
    long Epoch,
    int Nodes,
    int NodesUp,
    int NodesUnanswered,
    int Running,
    int ReportsWaiting,
    long OrdersRefused);
