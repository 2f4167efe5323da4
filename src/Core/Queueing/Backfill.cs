using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.State;

namespace Stockpile.Core.Queueing;

/// <summary>A job that waits, and the devices it is promised.</summary>
public sealed record Reservation(JobState Job, StartSlot Slot);

/// <summary>
/// Conservative backfill: what is promised to whom, and what follows for others. The most urgent jobs that find no
/// room, one of each class, are promised the earliest start that running work allows. A job behind them may have
/// devices of a promise only if it is done before that start. Everything follows from the state and the instant of the
/// round: nothing is stored, so a promise moves to an earlier start when work ends early, and is gone with the job.
/// Nothing is looked at before a job that fits nowhere meets one behind it. It writes to nothing but itself, so a
/// question may use it; <see cref="CycleBackfill"/> is what a cycle does with it.
/// </summary>
internal sealed class Backfill
{
    private readonly CellState _state;
    private readonly DateTimeOffset _now;
    private readonly int _left;
    private readonly PriorityQueue<JobState, QueueKey> _blocked = new();
    private readonly HashSet<long> _seen = [];
    private readonly Dictionary<int, List<Headroom>> _headrooms = [];
    private readonly List<Reservation> _reservations = [];
    private readonly Dictionary<long, QueueKey> _keys = [];
    private readonly Dictionary<string, double> _shares = new(StringComparer.Ordinal);
    private readonly EarliestStart _starts;

    private Backfill(CellState state, DateTimeOffset now)
    {
        _state = state;
        _now = now;
        _left = state.Policy.Backfill.Reservations;
        _starts = new EarliestStart(state, now);
    }

    /// <summary>
    /// A job's turn as it was when it was first asked for, with its tenant's share as that was then: shares and rights
    /// change while a cycle places jobs, and whom a promise stands before must not change with them.
    /// </summary>
    private QueueKey KeyOf(JobState job)
    {
        if (_keys.TryGetValue(job.Number, out var known)) return known;
        var key = _state.Queue.TurnOf(job);
        if (!_state.Queue.RanksJobs)
        {
            if (!_shares.TryGetValue(job.Spec.Tenant, out var share)) _shares.Add(job.Spec.Tenant, share = key.Share);
            key = key with { Share = share };
        }

        _keys.Add(job.Number, key);
        return key;
    }

    /// <summary>The promises made so far, most urgent first.</summary>
    public IReadOnlyList<Reservation> Reservations => _reservations;

    /// <summary>Null where the policy has it off.</summary>
    public static Backfill? Begin(CellState state, DateTimeOffset now) =>
        state.Policy.Backfill.Enabled ? new Backfill(state, now) : null;

    /// <summary>
    /// All reservations of a cell as they are now, most urgent first, were every class with a waiting job blocked. For
    /// questions; between two rounds that is how it is.
    /// </summary>
    public static IReadOnlyList<Reservation> Of(CellState state, DateTimeOffset now)
    {
        if (Begin(state, now) is not { } backfill) return [];
        foreach (var jobClass in state.Queue.WaitingClasses)
            backfill.Blocked(jobClass);
        backfill.ReserveBefore(null);
        return backfill.Reservations;
    }

    /// <summary>For questions about a job of a given number, which is in the cell or might come into it: every other
    /// class with a waiting job counts as blocked. Null where the policy has it off.</summary>
    public static Backfill? Ask(CellState state, DateTimeOffset now, long number)
    {
        if (Begin(state, now) is not { } backfill) return null;
        foreach (var jobClass in state.Queue.WaitingClasses)
            if (state.HeadOf(jobClass) is { } head && head.Number != number) backfill.Blocked(head);
        return backfill;
    }

    /// <summary>A class found no room in an earlier cycle, and nothing was freed since.</summary>
    public void Blocked(EquivalenceClass jobClass)
    {
        if (_state.HeadOf(jobClass) is { } head) Blocked(head);
    }

    /// <summary>A job that is tried first of its class finds no room.</summary>
    public void Blocked(JobState head)
    {
        // The smallest pieces of a device fit wherever anything ends; they need no promise.
        if (head.Spec.Devices == 0 || head.Class.Home.Count == 0 || !_seen.Add(head.Number)) return;
        _blocked.Enqueue(head, KeyOf(head));
    }

    /// <summary>What a job has to keep clear of; null: nothing on its models is reserved for a more urgent one.
    /// </summary>
    public ReservationGuard? GuardFor(JobState job, IReadOnlyList<Alternative> alternatives) =>
        GuardFor(job.Spec, alternatives, KeyOf(job), job.Done);

    /// <summary>The same for a job that is not in the cell, or for a changed one.</summary>
    public ReservationGuard? GuardFor(JobSpec spec, IReadOnlyList<Alternative> alternatives, QueueKey key, double done)
    {
        ReserveBefore(key);
        foreach (var (job, slot) in _reservations)
            if (KeyOf(job).CompareTo(key) < 0
                && alternatives.Any(a => a.Model == slot.Alternative.Model && !(a.Guest && slot.GuestsLeave)))
                return new ReservationGuard(_state, spec, key, done, _now, _headrooms);
        return null;
    }

    /// <summary>Makes the promises to those more urgent than a job, in their order; null: to all.</summary>
    private void ReserveBefore(QueueKey? key)
    {
        while (_reservations.Count < _left && _blocked.TryPeek(out var head, out var ahead)
            && (key is not { } before || ahead.CompareTo(before) < 0))
        {
            _blocked.Dequeue();
            if (!head.Waits || _now - (head.WaitingSince ?? head.SubmittedAt) < _state.Policy.Backfill.After) continue;
            // What fits at once is kept waiting by something else than devices, and no promise would help it.
            if (_starts.Earliest(head.Spec, head.Class.Home, tasks: 1, head.Done) is not { } slot
                || slot.Start <= _now) continue;
            Reserve(head, slot);
        }
    }

    private void Reserve(JobState head, StartSlot slot)
    {
        _starts.Promise(slot);
        _reservations.Add(new Reservation(head, slot));
        foreach (var piece in slot.Pieces)
        {
            // A promise behind others takes from what they left.
            if (!_headrooms.TryGetValue(piece.Node.Index, out var headrooms))
                _headrooms.Add(piece.Node.Index, headrooms = []);
            foreach (var other in headrooms)
            {
                other.Devices -= piece.Devices;
                other.CpuMilli -= piece.CpuMilli;
                other.MemoryMiB -= piece.MemoryMiB;
            }

            headrooms.Add(new Headroom(KeyOf(head), slot, piece));
        }
    }
}
