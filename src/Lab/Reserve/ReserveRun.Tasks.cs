namespace Stockpile.Lab.Reserve;

/// <summary>Replicas and batch tasks, and the guests among them.</summary>
public sealed partial class ReserveRun
{
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
                var wanted = Math.Max(
                    service.Least - service.Replicas,
                    (int)Math.Min(int.MaxValue, Math.Ceiling(
                        (service.Rate - service.Capacity) / service.PerReplica(choice) - 1e-9)));
                wanted = Math.Min(wanted, service.Most - service.Replicas);
                var room = Open(pool, guests ? 0 : long.MaxValue) / service.Class.Milli;
                var count = (int)Math.Min(wanted, room);
                if (count > 0) ChangeReplicas(service, choice, slot, pool, count);
                slot++;
            }
        }

        return !service.Wants;
    }

    private void ChangeReplicas(ServiceLoad service, int choice, int slot, int pool, int count)
    {
        service.Change(choice, slot, pool, count, _now);
        if (count < 0 && service.Wants) Activate(service.Class.Index);
        Hold(pool, count * service.Class.Milli, service.Class.Choices[choice].Guest, Use.Inference);
    }

    /// <summary>Thousandths of a device go from nobody to work of a kind, or back where they are negative.</summary>
    private void Hold(int pool, long milli, bool guest, Use use)
    {
        _free[pool] -= milli;
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
                    waiting.Dequeue();
                    if (count < tasks.Count)
                        waiting.Enqueue((tasks.Count - count, tasks.Arrived), tasks.Arrived);
                    var group = new TaskGroup(work, pool, choice.Guest, count) { Arrived = tasks.Arrived };
                    _groups[pool].Add(group);
                    Hold(pool, count * work.Milli, choice.Guest, Use.Batch);
                    if (_now + seconds < _end) Schedule(_now + seconds, new Event(What.TasksEnd, 0, group));
                }
        }

        return waiting.Count == 0;
    }

    private void TasksEnd(TaskGroup group)
    {
        if (group.Count == 0) return;
        _counts.TasksCompleted += group.Count;
        _groups[group.Pool].Remove(group);
        Hold(group.Pool, -group.Count * group.Class.Milli, group.Guest, Use.Batch);
    }

    /// <summary>Tasks lose their devices and wait again; what they had done is lost.</summary>
    private void StopTasks(TaskGroup group, int count)
    {
        group.Count -= count;
        if (group.Count == 0) _groups[group.Pool].Remove(group);
        EnqueueTasks(group.Class, count, group.Arrived);
        Hold(group.Pool, -count * group.Class.Milli, group.Guest, Use.Batch);
    }

    /// <summary>A gang takes devices back from guests, tasks before replicas.</summary>
    private void TakeGuests(int pool, long milli)
    {
        if (_free[pool] >= milli) return;
        _counts.GuestsTaken += TakeTasks(pool, milli, guestsOnly: true) + TakeReplicas(pool, milli, guestsOnly: true);
        _evictions++;
    }

    /// <summary>So many devices of a pool are freed, whoever holds them.</summary>
    private void Vacate(int pool, int devices)
    {
        var milli = devices * 1000L;
        if (_free[pool] >= milli) return;
        TakeTasks(pool, milli, guestsOnly: false);
        TakeReplicas(pool, milli, guestsOnly: false);
        while (_free[pool] < milli && _gangs[pool].Count > 0) Lose(_gangs[pool][^1]);
        _evictions++;
    }

    private int TakeTasks(int pool, long milli, bool guestsOnly)
    {
        var taken = 0;
        for (var i = _groups[pool].Count - 1; i >= 0 && _free[pool] < milli; i--)
        {
            var group = _groups[pool][i];
            if (guestsOnly && !group.Guest) continue;
            var count = (int)Math.Min(group.Count, Needed(pool, milli, group.Class.Milli));
            StopTasks(group, count);
            taken += count;
        }

        return taken;
    }

    private int TakeReplicas(int pool, long milli, bool guestsOnly)
    {
        var taken = 0;
        foreach (var service in _services.OrderBy(s => PriorityOf(s.Class.Spec)).ThenBy(s => s.Class.Index))
        {
            if (_free[pool] >= milli) break;
            var slot = 0;
            for (var choice = 0; choice < service.Class.Choices.Length; choice++)
                foreach (var of in service.Class.Choices[choice].Pools)
                {
                    var at = slot++;
                    if (of != pool || (guestsOnly && !service.Class.Choices[choice].Guest)) continue;
                    var count = (int)Math.Min(service.Counts[at], Needed(pool, milli, service.Class.Milli));
                    if (count <= 0) continue;
                    ChangeReplicas(service, choice, at, pool, -count);
                    taken += count;
                }
        }

        return taken;
    }

    private long Needed(int pool, long milli, long each) => Math.Max(0, (milli - _free[pool] + each - 1) / each);
}
