using Stockpile.Core.Jobs;

namespace Stockpile.Lab.Reserve;

/// <summary>
/// Who waits and who comes next, as in a cell's cycle: services follow their demand, then home models in the order of
/// priority classes, then what is left is lent to guests.
/// </summary>
public sealed partial class ReserveRun
{
    /// <summary>By class: gangs that wait, oldest first.</summary>
    private PriorityQueue<Gang, long>[] _waiting = [];

    /// <summary>By class: tasks that wait, with the arrival of their job, oldest first.</summary>
    private PriorityQueue<(int Count, long Arrived), long>[] _tasks = [];

    /// <summary>By pool: counts up whenever devices of it are freed.</summary>
    private long[] _freed = [];

    /// <summary>By class and pass: the stamp at which it last found no room.</summary>
    private long[] _refusedHome = [];
    private long[] _refusedGuest = [];
    private long _stamp;
    private bool _retryAll;
    private int _gangsWaiting;

    /// <summary>Classes of which something waits, and some of which nothing does any more.</summary>
    private readonly List<int> _active = [];
    private bool[] _isActive = [];

    private ServiceLoad?[] _serviceOf = [];
    private int[] _turns = [];
    private long[] _keys = [];

    private void MakeQueue()
    {
        var classes = _model.Classes.Length;
        _waiting = [.. Enumerable.Range(0, classes).Select(_ => new PriorityQueue<Gang, long>())];
        _tasks = [.. Enumerable.Range(0, classes).Select(_ => new PriorityQueue<(int, long), long>())];
        (_refusedHome, _refusedGuest) = (new long[classes], new long[classes]);
        Array.Fill(_refusedHome, -1);
        Array.Fill(_refusedGuest, -1);
        _isActive = new bool[classes];
        (_turns, _keys) = (new int[classes], new long[classes]);
        _serviceOf = new ServiceLoad?[classes];
        _leastUrgentFirst = [.. _services.OrderBy(s => PriorityOf(s.Class.Spec)).ThenBy(s => s.Class.Index)];
        foreach (var service in _services) _serviceOf[service.Class.Index] = service;
        _gangs = [.. _model.Pools.Select(_ => new List<Gang>())];
        _groups = [.. _model.Pools.Select(_ => new List<TaskGroup>())];
        _held = new long[_model.Pools.Length * Levels];
        MakeFences();
    }

    private void Activate(int work)
    {
        if (_isActive[work]) return;
        _isActive[work] = true;
        _active.Add(work);
    }

    private void Freed(int pool) => _freed[pool] = ++_stamp;

    private void Enqueue(Gang gang)
    {
        _waiting[gang.Class.Index].Enqueue(gang, gang.Number);
        _gangsWaiting++;
        Activate(gang.Class.Index);
        if (gang.Generation >= 0) _generationWaits++;
        _refusedHome[gang.Class.Index] = -1;
    }

    private void EnqueueTasks(WorkClass work, int count, long arrived)
    {
        _tasks[work.Index].Enqueue((count, arrived), arrived);
        Activate(work.Index);
        _refusedHome[work.Index] = -1;
        _refusedGuest[work.Index] = -1;
    }

    /// <summary>One look at everybody who waits.</summary>
    private void Plan()
    {
        bool again;
        do
        {
            again = Pass(guests: false);
            Pass(guests: true);
            _retryAll = false;
            // Whoever was sent away may find room elsewhere.
        }
        while (again);
        MoveUp();
    }

    /// <returns>Whether somebody was sent away.</returns>
    private bool Pass(bool guests)
    {
        var turns = Turns(guests);
        if (turns == 0) return false;
        ClearFences();
        var evicted = _evictions;
        for (var i = 0; i < turns; i++)
        {
            var work = _model.Classes[_turns[i]];
            var placed = work.Spec.Kind switch
            {
                JobKind.Training => PlaceGangs(work),
                JobKind.Inference => PlaceReplicas(_serviceOf[work.Index]!, guests),
                _ => PlaceTasks(work, guests),
            };
            if (placed) continue;
            (guests ? _refusedGuest : _refusedHome)[work.Index] = _stamp;
            if (!guests) Fence(work);
        }

        return _evictions > evicted;
    }

    /// <summary>Fills the list of classes whose turn it is, most urgent first.</summary>
    private int Turns(bool guests)
    {
        var count = 0;
        for (var i = _active.Count - 1; i >= 0; i--)
        {
            var work = _model.Classes[_active[i]];
            if (!Waits(work, out var arrived))
            {
                _isActive[work.Index] = false;
                _active.RemoveAt(i);
                continue;
            }

            if (!(guests ? work.HasGuest : work.HasHome)) continue;
            if (!_retryAll && !MayFit(work, guests)) continue;
            // Priority class, then kind, then arrival, then the order of the file.
            var rank = (long)Priority.Critical - RankOf(work, arrived);
            var key = (rank * 4 + (long)work.Spec.Kind << 40) + arrived;
            var at = count++;
            for (; at > 0 && (key, work.Index).CompareTo((_keys[at - 1], _turns[at - 1])) < 0; at--)
            {
                _keys[at] = _keys[at - 1];
                _turns[at] = _turns[at - 1];
            }

            _keys[at] = key;
            _turns[at] = work.Index;
        }

        return count;
    }

    private bool Waits(WorkClass work, out long arrived)
    {
        arrived = 0;
        if (_serviceOf[work.Index] is { } service) return service.Wants;
        if (_waiting[work.Index].TryPeek(out var gang, out _))
        {
            arrived = gang.Arrived;
            return true;
        }

        if (!_tasks[work.Index].TryPeek(out var tasks, out _)) return false;
        arrived = tasks.Arrived;
        return true;
    }

    /// <summary>A waiting job rises by one class per ageing, up to high, but may not push anybody out for it.</summary>
    private int RankOf(WorkClass work, long arrived)
    {
        var own = PriorityOf(work.Spec);
        var ageing = (long)_model.Policy.Queue.Ageing.TotalSeconds;
        if (ageing <= 0 || own >= (int)Priority.High || work.Spec.Kind == JobKind.Inference) return own;
        return (int)Math.Min((long)Priority.High, own + (_now - arrived) / ageing);
    }

    /// <summary>Whether anything was freed on its models since it last found no room.</summary>
    private bool MayFit(WorkClass work, bool guests)
    {
        var refused = (guests ? _refusedGuest : _refusedHome)[work.Index];
        if (refused < 0) return true;
        foreach (var choice in work.Choices)
        {
            if (choice.Guest != guests) continue;
            foreach (var pool in choice.Pools)
                if (_freed[pool] > refused) return true;
        }

        return false;
    }
}
