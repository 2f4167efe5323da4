using Stockpile.Core.Jobs;

namespace Stockpile.Lab.Reserve;

/// <summary>
/// One run over the years of a scenario: an event-driven simulation of pools instead of nodes. It goes from event to
/// event (work ends, devices break and come back, jobs arrive), and in between from hour to hour, where demand changes.
/// Nothing depends on the order of threads or on a clock.
/// </summary>
public sealed partial class ReserveRun
{
    private const long Hour = 3_600;
    private const long Day = 24 * Hour;

    /// <summary>Days from one sample of the stock to the next.</summary>
    public const int SampleEvery = 30;

    private readonly ReserveModel _model;
    private readonly RunFactors _factors;
    private readonly Draws _draws;
    private readonly long _end;
    private readonly Ledger _ledger;
    private readonly RunCounts _counts = new();
    private readonly ServiceLoad[] _services;
    private readonly PriorityQueue<Event, long> _events = new();
    private readonly List<int[]> _samples = [];
    private long _order;
    private long _now;
    private long _accounted;
    private long _numbers;

    private enum What
    {
        GangEnds,
        TasksEnd,
        Arrives,
        Breaks,
        Interrupts,
        NodeBack,
        DeviceBack,
        LotArrives,
        Retires,
        GenerationStarts,
        ProtectionEnds,
    }

    private readonly record struct Event(What What, int Index, object? Of = null, int Version = 0);

    private ReserveRun(ReserveModel model, RunFactors factors, Draws draws)
    {
        _model = model;
        _factors = factors;
        _draws = draws;
        _end = (long)model.Scenario.Length.TotalSeconds;
        _ledger = new Ledger(model.Catalog.Tiers.Count);
        _services = [.. model.Services.Select((s, i) => new ServiceLoad(
            s, model.Scenario.Services[i], factors, model.Scenario.Start, model.Relaxed != Relaxed.InferenceDemand))];
        MakeStock();
        MakeQueue();
    }

    /// <summary>Run number <paramref name="run"/> of a seed, every assumption drawn.</summary>
    public static ReserveResult Of(ReserveModel model, ulong seed, int run)
    {
        var draws = new Draws(seed, run);
        return new ReserveRun(model, RunFactors.Drawn(model.Scenario, draws), draws).Run();
    }

    /// <summary>The same run with every assumption given.</summary>
    public static ReserveResult Of(ReserveModel model, RunFactors factors, ulong seed, int run) =>
        new ReserveRun(model, factors, new Draws(seed, run)).Run();

    private ReserveResult Run()
    {
        BeginGenerations();
        BeginStreams();
        for (long hour = 0; hour * Hour < _end; hour++)
        {
            var at = hour * Hour;
            Until(at);
            if (at % Day == 0) BeginDay(at / Day);
            foreach (var service in _services)
            {
                service.At(hour);
                if (service.Wants) Activate(service.Class.Index);
            }

            Release();
            // What protects running work, and what is promised, ends with time; all else only when devices are freed.
            _retryAll |= _gangsWaiting > 0;
            Plan();
        }

        Until(_end);
        Sample();
        foreach (var service in _services) service.Settle(_end);
        return Result();
    }

    /// <summary>All events before an instant, each followed by a look at who waits.</summary>
    private void Until(long second)
    {
        while (Next(out var next, out var at) && at < second)
        {
            Account(at);
            _now = at;
            // All that happens at one instant happens before anybody is placed.
            do
            {
                _events.Dequeue();
                Handle(next);
            }
            while (Next(out next, out at) && at == _now);
            Plan();
        }

        Account(second);
        _now = second;
        while (Next(out var due, out var then) && then == second)
        {
            _events.Dequeue();
            Handle(due);
        }
    }

    /// <summary>Bits of an event's key that number the events of one second in the order in which they were made.
    /// </summary>
    private const int OrderBits = 32;

    private void Schedule(long at, Event what) => _events.Enqueue(what, (at << OrderBits) + _order++);

    private bool Next(out Event next, out long at)
    {
        var any = _events.TryPeek(out next, out var key);
        at = key >> OrderBits;
        return any;
    }

    private void Handle(Event e)
    {
        switch (e.What)
        {
            case What.GangEnds: GangEnds((Gang)e.Of!, e.Version); break;
            case What.TasksEnd: TasksEnd((TaskGroup)e.Of!); break;
            case What.Arrives: Arrives(e.Index, e.Version); break;
            case What.Breaks: Breaks(e.Index, e.Version); break;
            case What.Interrupts: Interrupts(e.Index, e.Version); break;
            case What.NodeBack: NodeBack(e.Index, e.Version); break;
            case What.DeviceBack: DeviceBack(e.Index); break;
            case What.LotArrives: LotArrives(e.Index); break;
            case What.Retires: Retires(e.Index); break;
            case What.GenerationStarts: GenerationStarts(); break;
            case What.ProtectionEnds: ProtectionEnds(); break;
        }
    }

    /// <summary>Adds the time up to an instant, before anything changes there.</summary>
    private void Account(long second)
    {
        var seconds = second - _accounted;
        if (seconds <= 0) return;
        _accounted = second;
        _ledger.Until(second);
        if (_generationWaits > 0) _counts.GenerationWaitedHours += seconds / 3_600.0;
    }

    private void BeginDay(long day)
    {
        if (day % SampleEvery == 0) Sample();
        BeginWear(day);
    }

    private void Sample()
    {
        var stock = new int[_ledger.Tiers];
        foreach (var pool in _model.Pools) stock[pool.Tier] += _up[pool.Index] + _nodeOut[pool.Index];
        _samples.Add(stock);
    }

    private ReserveResult Result()
    {
        var services = _services.Select((s, i) =>
        {
            var plan = _model.Scenario.Services[i];
            var perSecond = plan.Spec.Serving is { } serving
                ? serving.OnReference(1) * _factors.ServingThroughput
                : plan.Spec.Demand!.Peak / plan.Spec.MaxReplicas / (s.Class.Milli / 1000.0);
            return new ServiceResult(
                plan.Spec.Name, plan.Outside, s.Wanted, s.Served, s.Wanted / perSecond / 3_600);
        }).ToList();
        return new ReserveResult(
            _done, Progress(onTime: false), Progress(onTime: true), _ledger, services, [.. _samples], _counts);
    }

    private bool CountsAsLate(GenerationDone done) => done.Late && _model.Relaxed != Relaxed.Deadline;

    private static int PriorityOf(JobSpec spec) => (int)spec.Priority;
}
