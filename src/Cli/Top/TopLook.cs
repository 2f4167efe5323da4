using Stockpile.Scheduler.Api.Contracts;

namespace Stockpile.Cli.Top;

/// <summary>One look at the cluster.</summary>
/// <param name="Rates">Null at the first look: there is nothing to compare with.</param>
internal sealed record TopLook(FleetResponse Fleet, IReadOnlyList<CellResponse> Cells, TopRates? Rates);

/// <summary>What happened between two looks, per real second.</summary>
internal sealed record TopRates(
    double Submitted, double Placed, double Completed, double Requeued, double Preempted, double Allocations)
{
    public static TopRates Between(CountersResponse before, CountersResponse now, TimeSpan time)
    {
        var seconds = Math.Max(time.TotalSeconds, 1e-3);
        return new TopRates(
            Of(before.Submitted, now.Submitted), Of(before.Placed, now.Placed), Of(before.Completed, now.Completed),
            Of(before.Requeued, now.Requeued), Of(before.Preempted, now.Preempted),
            Of(before.AllocationsPersisted, now.AllocationsPersisted));

        // A cell that is starting is missing from one of the sums, and would make them run backwards.
        double Of(long from, long to) => Math.Round(Math.Max(0, to - from) / seconds, 1);
    }
}
