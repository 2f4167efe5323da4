using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.Tests.Cells;

/// <summary>
/// A cell in virtual time with exact run times: jobs arrive at given instants, and what is placed ends exactly when it
/// was planned to.
/// </summary>
public sealed class Simulation(Policy policy)
{
    private readonly PriorityQueue<JobSpec, (DateTimeOffset, int)> _arrivals = new();
    private int _arrived;

    public TestCell Cell { get; } = new(policy);

    /// <summary>Start of every job by its name.</summary>
    public Dictionary<string, DateTimeOffset> Started { get; } = new(StringComparer.Ordinal);

    /// <summary>Runs after every cycle.</summary>
    public Action? AfterCycle { get; set; }

    public void At(TimeSpan after, JobSpec spec) =>
        _arrivals.Enqueue(spec, (TestCell.Midnight + after, _arrived++));

    /// <summary>Goes on until nothing is left to happen, or until an instant.</summary>
    public Simulation Run(TimeSpan? until = null)
    {
        var end = until is { } limit ? TestCell.Midnight + limit : DateTimeOffset.MaxValue;
        while (Next() is { } at && at <= end)
        {
            Cell.Now = at;
            foreach (var allocation in Cell.State.Allocations.Values.Where(a => a.PlannedEnd <= at)
                         .OrderBy(a => a.Sequence).ToList())
                Cell.Run(new ReportCompleted(allocation.Node.Id, allocation.Sequence));
            while (_arrivals.TryPeek(out var spec, out var when) && when.Item1 <= at)
            {
                _arrivals.Dequeue();
                Cell.Submit(spec);
            }

            while (Cell.Cycle().More)
            {
                // A cycle that sent somebody away is followed by another.
            }

            foreach (var job in Cell.State.Jobs.Values.Where(j => j.Allocations.Count > 0))
                Started.TryAdd(job.Spec.Name, at);
            AfterCycle?.Invoke();
        }

        return this;
    }

    private DateTimeOffset? Next()
    {
        DateTimeOffset? next = Cell.State.Allocations.Values.Min(a => a.PlannedEnd);
        if (_arrivals.TryPeek(out _, out var arrival) && (next is null || arrival.Item1 < next)) next = arrival.Item1;
        return next;
    }
}
