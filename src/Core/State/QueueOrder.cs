namespace Stockpile.Core.State;

/// <summary>What reservations and explanations ask of the queue's order.</summary>
internal static class QueueOrder
{
    /// <summary>The waiting job of a class that is tried first.</summary>
    public static JobState? HeadOf(this CellState state, EquivalenceClass jobClass)
    {
        JobState? head = null;
        foreach (var lane in jobClass.Lanes.Values)
            if (head is null || state.Queue.TurnOf(lane.Head).CompareTo(state.Queue.TurnOf(head)) < 0) head = lane.Head;
        return head;
    }

    /// <summary>The waiting jobs of a class and tenant behind one of it, in the order of their arrival.</summary>
    public static IEnumerable<JobState> Behind(JobState job)
    {
        if (!job.Class.Lanes.TryGetValue(job.Spec.Tenant, out var lane)) yield break;
        if (lane.Waiting.Max is not { } last || last.Number <= job.Number) yield break;
        foreach (var next in lane.Waiting.GetViewBetween(job, last))
            if (next.Number != job.Number) yield return next;
    }
}
