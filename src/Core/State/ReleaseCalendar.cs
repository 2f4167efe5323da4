namespace Stockpile.Core.State;

/// <summary>
/// The planned ends of running work by model, soonest first. It is kept up with every placement and every ending, so
/// that a look ahead sorts nothing; services, which have no end, are not in it.
/// </summary>
public sealed class ReleaseCalendar
{
    private readonly Dictionary<string, SortedSet<(DateTimeOffset End, long Sequence)>> _models =
        new(StringComparer.Ordinal);

    /// <summary>Sequences of allocations on a model with their planned ends; those long overdue come first.</summary>
    public IReadOnlyCollection<(DateTimeOffset End, long Sequence)> Of(string model) =>
        _models.TryGetValue(model, out var ends) ? ends : [];

    internal void Add(AllocationState allocation)
    {
        if (allocation.PlannedEnd is not { } end) return;
        var model = allocation.Node.Accelerator.Model;
        if (!_models.TryGetValue(model, out var ends)) _models.Add(model, ends = []);
        ends.Add((end, allocation.Sequence));
    }

    internal void Remove(AllocationState allocation)
    {
        if (allocation.PlannedEnd is { } end && _models.TryGetValue(allocation.Node.Accelerator.Model, out var ends))
            ends.Remove((end, allocation.Sequence));
    }

    /// <summary>
    /// When work is expected to end. What is overdue is on a slow node, or its report is on its way: it is taken to
    /// need as long again as it is late, and a second at least.
    /// </summary>
    internal static DateTimeOffset Expected(DateTimeOffset plannedEnd, DateTimeOffset now)
    {
        if (plannedEnd > now) return plannedEnd;
        var late = now - plannedEnd;
        return now + (late > TimeSpan.FromSeconds(1) ? late : TimeSpan.FromSeconds(1));
    }
}
