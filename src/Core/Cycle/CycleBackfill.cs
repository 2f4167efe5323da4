using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;

namespace Stockpile.Core.Cycle;

/// <summary>
/// Backfill within a cycle: the promises of <see cref="Backfill"/>, and what the cell remembers of them until the next
/// cycle, so that it tries a class again when the promise that kept it back is gone. Only a cycle has the round that it
/// takes to make one.
/// </summary>
internal sealed class CycleBackfill
{
    private readonly CellState _state;
    private readonly RoundWriter _round;
    private readonly Backfill _promises;
    private readonly Dictionary<EquivalenceClass, TimeSpan> _heldBack = [];
    private int _marked;

    private CycleBackfill(CellState state, RoundWriter round, Backfill promises)
    {
        _state = state;
        _round = round;
        _promises = promises;
    }

    /// <summary>Null where the policy has it off.</summary>
    public static CycleBackfill? Begin(CellState state, RoundWriter round) =>
        Backfill.Begin(state, round.At) is { } promises ? new CycleBackfill(state, round, promises) : null;

    /// <summary>A new pass over the queue: on other models other jobs are held back.</summary>
    public void BeginPass() => _heldBack.Clear();

    /// <inheritdoc cref="Backfill.Blocked(EquivalenceClass)"/>
    public void Blocked(EquivalenceClass jobClass) => _promises.Blocked(jobClass);

    /// <inheritdoc cref="Backfill.GuardFor(JobState, IReadOnlyList{Alternative})"/>
    public ReservationGuard? GuardFor(JobState job, IReadOnlyList<Alternative> alternatives)
    {
        var guard = _promises.GuardFor(job, alternatives);
        for (; _marked < _promises.Reservations.Count; _marked++)
            _promises.Reservations[_marked].Job.Promise(_round);
        return guard;
    }

    /// <summary>Accounts for what was placed behind a guard.</summary>
    public static void Take(
        ReservationGuard guard, Alternative alternative, int devices, NodeState node, uint mask, int ranks) =>
        guard.On(alternative, devices).Take(node, mask, ranks);

    /// <summary>
    /// A job was tried and found no room. If that is for what is reserved, one of its class behind it may still pass:
    /// the members of a class are of one size and differ in how long they run; see <see cref="Next"/>.
    /// </summary>
    public void NoRoom(JobState job, ReservationGuard? guard, bool guests)
    {
        if (!guests && !IsHeldBack(job.Class)) _promises.Blocked(job);
        if (!guests) job.Class.Become(_round, job.Class.Retry.NotHeldBack());
        if (guard is null) return;
        job.Class.Become(_round, job.Class.Retry.HeldBack(_state.Queue.Promises));
        var rest = RestOf(job);
        if (!_heldBack.TryGetValue(job.Class, out var least) || rest < least) _heldBack[job.Class] = rest;
    }

    /// <summary>A job of the class was held back in this cycle.</summary>
    public bool IsHeldBack(EquivalenceClass jobClass) => _heldBack.ContainsKey(jobClass);

    /// <summary>The next of a class, behind the one just tried, that is done sooner than all that were held back.
    /// </summary>
    public JobState? Next(JobState tried)
    {
        if (!_heldBack.TryGetValue(tried.Class, out var least)) return null;
        foreach (var job in QueueOrder.Behind(tried).Take(Limits.BackfillScanMax))
            if (RestOf(job) < least) return job;
        return null;
    }

    private TimeSpan RestOf(JobState job)
    {
        var devices = job.Spec.Kind == JobKind.Training ? job.Spec.LeastDevices : job.Spec.Devices;
        var model = job.Class.Alternatives[0].Model;
        var runTime = RunTimes.Of(job.Spec, _state.Catalog, _state.Policy.Gangs, model, devices);
        return runTime > TimeSpan.Zero ? runTime * (1 - job.Done) : TimeSpan.MaxValue;
    }
}
