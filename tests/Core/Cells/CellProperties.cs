using Stockpile.Core.Commands;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells.Oracles;

namespace Stockpile.Core.Tests.Cells;

/// <summary>
/// Every property of <see cref="HistoryProperties"/> over the same random histories. The seeds are fixed, so that a
/// failure can be seen again and CI gives the same answer twice.
/// </summary>
public sealed class CellProperties
{
    private static readonly Lazy<HistoryRuns> Runs = new(() => HistoryRuns.Of(HistoryProperties.All));

    public static TheoryData<string> Names => [.. HistoryProperties.All.Select(p => p.Name)];

    [Fact]
    public void The_core_stops_in_no_history() => HistoryRuns.Fail(Runs.Value.Stops);

    [Theory]
    [MemberData(nameof(Names))]
    public void It_holds_in_every_history(string property)
    {
        HistoryRuns.Fail(Runs.Value.Complaints[property]);
        Runs.Value.Tallies[property].AssertAllSeen();
    }
}
