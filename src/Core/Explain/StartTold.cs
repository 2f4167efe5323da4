using Stockpile.Core.Fleets;
using Stockpile.Core.Placement;
using Stockpile.Core.State;

namespace Stockpile.Core.Explain;

/// <summary>A start that was told and has moved to a later one.</summary>
/// <param name="From">The earliest start that was told.</param>
/// <param name="At">When it was seen to be later.</param>
/// <param name="Because">The reason, as a clause.</param>
public sealed record StartMove(DateTimeOffset From, DateTimeOffset At, string Because);

/// <summary>
/// The start that an answer named for a waiting job, with what it rested on, so that the next answer can say why it is
/// another one. Whoever answers keeps it; the state knows nothing of questions.
/// </summary>
/// <param name="Ahead">Jobs that had promises and their turn before it.</param>
/// <param name="Queue">How many jobs had their turn before it.</param>
/// <param name="TierMilli">Thousandths of the tier's devices that took work.</param>
public sealed record StartTold(DateTimeOffset Start, IReadOnlyList<long> Ahead, int Queue, string Tier, long TierMilli)
{
    /// <summary>A user sees no difference below it.</summary>
    private static readonly TimeSpan Same = TimeSpan.FromSeconds(1);

    /// <summary>The earliest that was told so far.</summary>
    public DateTimeOffset Earliest { get; private init; } = Start;

    /// <summary>Null: it has not moved.</summary>
    public StartMove? Moved { get; private init; }

    /// <summary>What an answer tells; null: no start is in sight, and none was told before.</summary>
    /// <param name="before">What was told of the job last; null: nothing.</param>
    public static StartTold? Of(CellState state, Explanation why, StartTold? before, DateTimeOffset now)
    {
        var slot = why.Reservation?.Slot ?? why.Estimate?.Slot;
        if (slot is null)
            return before is null ? null : before with
            {
                Moved = new StartMove(before.Earliest, now, before.WhyLater(state, why, slot, now)),
            };

        var tier = slot.Alternative.Tier;
        var next = new StartTold(
            slot.Start, why.PromisesAhead, why.AheadInQueue, tier.Name, state.Tenants.CapacityMilli(tier));
        if (before is null || slot.Start <= before.Earliest + Same) return next;
        return next with
        {
            Earliest = before.Earliest,
            Moved = slot.Start <= before.Start + Same
                ? before.Moved
                : new StartMove(before.Earliest, now, before.WhyLater(state, why, slot, now)),
        };
    }

    private string WhyLater(CellState state, Explanation why, StartSlot? slot, DateTimeOffset now)
    {
        foreach (var number in why.PromisesAhead)
            if (!Ahead.Contains(number) && state.FindJob(number) is { } other)
                return $"job {state.NameOf(other)} has its turn before it now";
        if (slot is null) return "nothing that runs gives back enough in sight";
        if (slot.Alternative.Tier.Name != Tier) return $"devices of {slot.Alternative.Tier.Name} come first now";
        var lost = TierMilli - state.Tenants.CapacityMilli(slot.Alternative.Tier);
        if (lost > 0)
            return lost == Limits.MilliPerDevice
                ? $"1 device of {Tier} fewer takes work"
                : $"{lost / (double)Limits.MilliPerDevice:0.###} devices of {Tier} fewer take work";
        if (why.AheadInQueue > Queue)
            return $"{Wording.Count(why.AheadInQueue, "job")} "
                + $"{Wording.For(why.AheadInQueue, "has its", "have their")} turn before it now, and "
                + $"{Wording.Number(Queue)} had";
        return StartEstimates.EndingsFor(state, slot, now) is [.., { Job: var last }]
            ? $"job {state.NameOf(last)}, whose devices it gets, ends later than was expected"
            : "what it waits for ends later than was expected";
    }
}
