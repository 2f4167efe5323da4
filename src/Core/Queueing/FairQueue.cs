using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Queueing;

/// <summary>
/// Whose turn it is within one pass. A tenant's share grows with each placement, so the lanes stand in groups, one per
/// tenant, effective priority class and whether they would borrow, and only the group is moved when the share changes:
/// a pass costs by lanes and placements, however many jobs wait.
/// </summary>
internal sealed class FairQueue
{
    private sealed class Group(string tenant, Priority level)
    {
        public string Tenant { get; } = tenant;
        public Priority Level { get; } = level;
        public bool Listed { get; set; }
        public PriorityQueue<TenantLane, (JobKind Kind, long Number)> Lanes { get; } = new();
    }

    private readonly Dictionary<(string Key, Priority Level, bool Borrows), Group> _groups = [];
    private readonly PriorityQueue<Group, QueueKey> _order = new();
    private readonly HashSet<EquivalenceClass> _out = [];

    /// <summary>A job behind the head of a lane that may pass it in this pass, because it is done before a reservation
    /// that the head would violate.</summary>
    private readonly Dictionary<TenantLane, JobState> _passing = [];
    private readonly CellState _state;
    private readonly DateTimeOffset _now;
    private readonly bool _reclaims;
    private Group? _current;

    /// <summary>
    /// All lanes of classes that are not blocked. Of a blocked one those that may take back what others borrowed, for
    /// them the block says nothing.
    /// </summary>
    /// <param name="guests">The pass in which devices are lent; nobody reclaims there.</param>
    public FairQueue(CellState state, DateTimeOffset now, bool guests)
    {
        _state = state;
        _now = now;
        _reclaims = !guests && state.Policy.Queue.Quotas.Any;
        foreach (var waiting in state.Queue.WaitingClasses)
        {
            if ((guests ? waiting.Guest : waiting.Home).Count == 0) continue;
            var blocked = waiting.IsBlocked(state.Index, state.Queue.Promises, now);
            if (blocked && !_reclaims) continue;
            foreach (var lane in waiting.Lanes.Values)
            {
                if (!blocked || (lane.RefusedAt != (state.Index.Stamp, state.Tenants.Loans)
                    && HasRightsOfItsOwn(lane.Head))) Add(lane);
            }
        }
    }

    /// <summary>Adds a lane with a waiting job.</summary>
    public void Add(TenantLane lane)
    {
        var head = JobOf(lane);
        var level = _state.Queue.EffectivePriority(head, _now);
        // Where jobs are ranked one by one, each lane stands for itself, and so does one with a promise.
        var alone = _state.Queue.RanksJobs || head.Promised > 0;
        var borrows = _state.Queue.Borrows(head);
        var key = (alone ? $"{lane.Tenant}\n{lane.Class.Key}" : lane.Tenant, level, borrows);
        if (!_groups.TryGetValue(key, out var group)) _groups.Add(key, group = new Group(lane.Tenant, level));
        group.Lanes.Enqueue(lane, (head.Spec.Kind, head.Number));
        if (ReferenceEquals(group, _current)) return;
        // A listed group whose best lane is another one now has to move up.
        if (group.Listed && ReferenceEquals(group.Lanes.Peek(), lane)) _order.Remove(group, out _, out _);
        else if (group.Listed) return;
        group.Listed = true;
        _order.Enqueue(group, KeyOf(group));
    }

    /// <summary>Whose turn it is in a lane.</summary>
    public JobState JobOf(TenantLane lane) =>
        _passing.TryGetValue(lane, out var passing) && passing.Waits ? passing : lane.Head;

    /// <summary>Whether it is a job's turn though it is not the head.</summary>
    public bool Passes(TenantLane lane, JobState job) =>
        _passing.TryGetValue(lane, out var passing) && ReferenceEquals(passing, job);

    /// <summary>Adds a lane again, for a job behind its head.</summary>
    public void Pass(TenantLane lane, JobState job)
    {
        _passing[lane] = job;
        Add(lane);
    }

    /// <summary>No lane of the class gets another turn in this pass, but those that may reclaim.</summary>
    public void Drop(EquivalenceClass jobClass) => _out.Add(jobClass);

    /// <summary>Takes the lane whose turn it is out of the list; <see cref="Add"/> brings it back.</summary>
    public TenantLane? Next()
    {
        if (_current is { } last)
        {
            _current = null;
            List(last);
        }

        while (_order.TryDequeue(out var group, out _))
        {
            group.Listed = false;
            if (!Skip(group)) continue;
            // Its share may have grown since it was listed.
            if (_order.TryPeek(out _, out var next) && next.CompareTo(KeyOf(group)) < 0)
            {
                List(group);
                continue;
            }

            _current = group;
            return group.Lanes.Dequeue();
        }

        return null;
    }

    private void List(Group group)
    {
        if (!Skip(group)) return;
        group.Listed = true;
        _order.Enqueue(group, KeyOf(group));
    }

    /// <summary>Leaves out lanes of dropped classes; false when none is left.</summary>
    private bool Skip(Group group)
    {
        while (group.Lanes.TryPeek(out var lane, out _))
        {
            if (!_out.Contains(lane.Class) || _passing.ContainsKey(lane)) return true;
            if (_reclaims && HasRightsOfItsOwn(lane.Head)) return true;
            group.Lanes.Dequeue();
        }

        return false;
    }

    /// <summary>What a tenant may take back, or which tasks may leave for one of its own, another tenant of the class
    /// may not claim: that one's finding no room says nothing of this one.</summary>
    private bool HasRightsOfItsOwn(JobState head) => QuotaCheck.MayReclaim(_state, head)
        || (head.Spec.Kind != JobKind.Training && _state.Policy.Queue.Preemption.Tasks);

    private QueueKey KeyOf(Group group)
    {
        group.Lanes.TryPeek(out var lane, out var best);
        if (_state.Queue.RanksJobs || JobOf(lane!).Promised > 0)
            return _state.Queue.TurnOf(JobOf(lane!)) with { Priority = group.Level };
        return new QueueKey(group.Level, _state.Tenants.Share(group.Tenant), best.Kind, best.Number)
        {
            Borrows = _state.Queue.Borrows(JobOf(lane!)),
        };
    }
}
