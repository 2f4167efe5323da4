using Stockpile.Core.Jobs;

namespace Stockpile.Lab.Reserve;

/// <summary>Replicas and batch tasks, and the guests among them.</summary>
public sealed partial class ReserveRun
{
    /// <summary>The level of those that leave for everybody at home; above it one for each priority class.</summary>
    private const int Guests = 0;
    private const int Levels = 2 + (int)Priority.Critical;

    /// <summary>Services in the order in which they give way.</summary>
    private ServiceLoad[] _leastUrgentFirst = [];

    /// <summary>By pool and level: thousandths of devices that tasks hold.</summary>
    private long[] _held = [];

    /// <summary>When the first protection ends of those that kept somebody waiting.</summary>
    private long _protectedUntil = long.MaxValue;

    /// <summary>By pool: batch tasks that run there.</summary>
    private List<TaskGroup>[] _groups = [];

    /// <summary>Services give back what their demand no longer needs, as a cell does: who came last leaves first.
    /// </summary>
    private void Release()
    {
        foreach (var service in _services)
            while (service.HasOver && service.Last is var (choice, slot, pool, count))
            {
                var over = (int)Math.Min(
                    (service.Capacity - service.Rate) / service.PerReplica(choice) + 1e-9,
                    service.Replicas - service.Least);
                if (over <= 0) break;
                ChangeReplicas(service, choice, slot, pool, -Math.Min(over, count));
            }
    }

    /// <returns>Whether no further replica is wanted.</returns>
    private bool PlaceReplicas(ServiceLoad service, bool guests)
    {
        var slot = 0;
        for (var choice = 0; choice < service.Class.Choices.Length; choice++)
        {
            var of = service.Class.Choices[choice];
            if (of.Guest != guests)
            {
                slot += of.Pools.Length;
                continue;
            }

            foreach (var pool in of.Pools)
            {
                if (!service.Wants) return true;
                var room = Open(pool, guests ? 0 : long.MaxValue) / service.Class.Milli;
                var count = (int)Math.Min(Wanted(service, choice), room);
                if (count > 0) ChangeReplicas(service, choice, slot, pool, count);
                slot++;
            }
        }

        if (!guests && service.Wants) PushReplicas(service);
        return !service.Wants;
    }

    private static int Wanted(ServiceLoad service, int choice)
    {
        var wanted = Math.Max(
            service.Least - service.Replicas,
            (int)Math.Min(int.MaxValue, Math.Ceiling(
                (service.Rate - service.Capacity) / service.PerReplica(choice) - 1e-9)));
        return Math.Min(wanted, service.Most - service.Replicas);
    }

    /// <summary>Replicas that found no room at home take the places of guests there and of less urgent tasks.</summary>
    private void PushReplicas(ServiceLoad service)
    {
        var slot = 0;
        for (var choice = 0; choice < service.Class.Choices.Length; choice++)
            foreach (var pool in service.Class.Choices[choice].Pools)
            {
                var at = slot++;
                if (!service.Wants || service.Class.Choices[choice].Guest) continue;
                var count = MakeRoom(service.Class, pool, Wanted(service, choice));
                if (count > 0) ChangeReplicas(service, choice, at, pool, count);
            }
    }

    private void ChangeReplicas(ServiceLoad service, int choice, int slot, int pool, int count)
    {
        service.Change(choice, slot, pool, count, _now);
        if (count < 0 && service.Wants) Activate(service.Class.Index);
        Hold(service.Class, pool, count, service.Class.Choices[choice].Guest);
    }

    /// <summary>Devices of a pool go from nobody to so many tasks, or back where they are negative.</summary>
    private void Hold(WorkClass work, int pool, long tasks, bool guest)
    {
        var milli = tasks * work.Milli;
        var use = work.Spec.Kind == JobKind.Inference ? Use.Inference : Use.Batch;
        _free[pool] -= milli;
        _held[pool * Levels + LevelOf(work, guest)] += milli;
        if (guest) _guest[pool] += milli;
        if (milli > 0) TakeOpen(pool, milli);
        _ledger.Move(_model.Pools[pool].Tier, Use.Idle, guest ? use + 1 : use, milli);
        if (milli < 0) Freed(pool);
    }

    /// <returns>Whether no task of the class waits any more.</returns>
    private bool PlaceTasks(WorkClass work, bool guests)
    {
        var waiting = _tasks[work.Index];
        foreach (var choice in work.Choices)
        {
            if (choice.Guest != guests) continue;
            var seconds = choice.TaskSeconds;
            foreach (var pool in choice.Pools)
                while (waiting.TryPeek(out var tasks, out _))
                {
                    var room = Open(pool, guests ? 0 : _now + seconds) / work.Milli;
                    var count = (int)Math.Min(tasks.Count, room);
                    if (count <= 0) break;
                    StartTasks(work, choice, pool, count);
                }
        }

        if (guests) return waiting.Count == 0;
        foreach (var choice in work.Choices)
        {
            if (choice.Guest) continue;
            foreach (var pool in choice.Pools)
                while (waiting.TryPeek(out var tasks, out _) && MakeRoom(work, pool, tasks.Count) is var count and > 0)
                    StartTasks(work, choice, pool, count);
        }

        return waiting.Count == 0;
    }

    /// <summary>So many of the tasks that wait longest.</summary>
    private void StartTasks(WorkClass work, Choice choice, int pool, int count)
    {
        var waiting = _tasks[work.Index];
        var tasks = waiting.Dequeue();
        if (count < tasks.Count) waiting.Enqueue((tasks.Count - count, tasks.Arrived), tasks.Arrived);
        var group = new TaskGroup(work, pool, choice.Guest, count) { Arrived = tasks.Arrived, Placed = _now };
        _groups[pool].Add(group);
        Hold(work, pool, count, choice.Guest);
        var end = _now + choice.TaskSeconds;
        if (end < _end) Schedule(end, new Event(What.TasksEnd, 0, group));
    }

    /// <summary>
    /// Guests of a pool, then tasks at home there of lower priority classes, leave for tasks that are at home; replicas
    /// before batch tasks, which are asked after their minimum run time.
    /// </summary>
    /// <returns>How many of the wanted tasks find room now.</returns>
    private int MakeRoom(WorkClass work, int pool, int wanted)
    {
        if (!_model.Policy.Queue.Preemption.Tasks || _fenceUntil[pool] != 0) return 0;
        var below = LevelOf(work, guest: false);
        var most = _free[pool] + Leaving(pool, below);
        var count = (int)Math.Min(wanted, most / work.Milli);
        if (count <= 0) return 0;
        var milli = count * work.Milli;
        for (var level = Guests; level < below && _free[pool] < milli; level++)
            _counts.TasksPreempted +=
                TakeReplicas(pool, milli, level) + TakeTasks(pool, milli, level, protects: true);
        _evictions++;
        return count;
    }

    /// <summary>What guests hold, and less urgent tasks that may be asked to leave.</summary>
    private long Leaving(int pool, int below)
    {
        var milli = 0L;
        for (var level = Guests; level < below; level++) milli += _held[pool * Levels + level];
        if (milli == 0) return 0;
        foreach (var group in _groups[pool])
        {
            if (LevelOf(group.Class, group.Guest) >= below || !IsProtected(group)) continue;
            milli -= group.Count * group.Class.Milli;
            if (ProtectedUntil(group) >= _protectedUntil) continue;
            _protectedUntil = ProtectedUntil(group);
            Schedule(_protectedUntil, new Event(What.ProtectionEnds, 0));
        }

        return milli;
    }

    private bool IsProtected(TaskGroup group) => !group.Guest && ProtectedUntil(group) > _now;

    private long ProtectedUntil(TaskGroup group) =>
        group.Placed + (long)_model.Policy.Queue.Preemption.MinRunTime.TotalSeconds;

    private void ProtectionEnds()
    {
        _retryAll = true;
        _protectedUntil = long.MaxValue;
    }

    private static int LevelOf(WorkClass work, bool guest) => guest ? Guests : 1 + PriorityOf(work.Spec);

    private void TasksEnd(TaskGroup group)
    {
        if (group.Count == 0) return;
        _counts.TasksCompleted += group.Count;
        _groups[group.Pool].Remove(group);
        Hold(group.Class, group.Pool, -group.Count, group.Guest);
    }

    /// <summary>Tasks lose their devices and wait again; what they had done is lost.</summary>
    private void StopTasks(TaskGroup group, int count)
    {
        group.Count -= count;
        if (group.Count == 0) _groups[group.Pool].Remove(group);
        EnqueueTasks(group.Class, count, group.Arrived);
        Hold(group.Class, group.Pool, -count, group.Guest);
    }

    /// <summary>A gang takes devices back from guests, tasks before replicas.</summary>
    private void TakeGuests(int pool, long milli)
    {
        if (_free[pool] >= milli) return;
        _counts.GuestsTaken += TakeTasks(pool, milli, Guests, protects: false) + TakeReplicas(pool, milli, Guests);
        _evictions++;
    }

    /// <summary>So many devices of a pool are freed, whoever holds them.</summary>
    private void Vacate(int pool, int devices)
    {
        var milli = devices * 1000L;
        if (_free[pool] >= milli) return;
        TakeTasks(pool, milli, level: null, protects: false);
        TakeReplicas(pool, milli, level: null);
        while (_free[pool] < milli && _gangs[pool].Count > 0) Lose(_gangs[pool][^1]);
        _evictions++;
    }

    /// <param name="level">Whose: <see cref="Guests"/>, or those at home of a priority class; null: all.</param>
    private int TakeTasks(int pool, long milli, int? level, bool protects)
    {
        var taken = 0;
        if (IsEmpty(pool, level)) return 0;
        for (var i = _groups[pool].Count - 1; i >= 0 && _free[pool] < milli; i--)
        {
            var group = _groups[pool][i];
            if (level is { } only && LevelOf(group.Class, group.Guest) != only) continue;
            if (protects && IsProtected(group)) continue;
            var count = (int)Math.Min(group.Count, Needed(pool, milli, group.Class.Milli));
            StopTasks(group, count);
            taken += count;
        }

        return taken;
    }

    /// <inheritdoc cref="TakeTasks"/>
    private int TakeReplicas(int pool, long milli, int? level)
    {
        var taken = 0;
        if (IsEmpty(pool, level)) return 0;
        foreach (var service in _leastUrgentFirst)
        {
            if (_free[pool] >= milli) break;
            foreach (var (choice, slot) in service.Slots(pool))
            {
                if (level is { } only && LevelOf(service.Class, service.Class.Choices[choice].Guest) != only) continue;
                var count = (int)Math.Min(service.Counts[slot], Needed(pool, milli, service.Class.Milli));
                if (count <= 0) continue;
                ChangeReplicas(service, choice, slot, pool, -count);
                taken += count;
            }
        }

        return taken;
    }

    private bool IsEmpty(int pool, int? level) => level is { } only && _held[pool * Levels + only] == 0;

    private long Needed(int pool, long milli, long each) => Math.Max(0, (milli - _free[pool] + each - 1) / each);
}
