namespace Stockpile.Lab.Reserve;

/// <summary>Generations and streams: what arrives when.</summary>
public sealed partial class ReserveRun
{
    private readonly List<GenerationDone> _done = [];
    private int _generation = -1;
    private int _stage;
    private long _generationStarted;
    private int _open;

    /// <summary>Gangs of the generation in work that wait for devices.</summary>
    private int _generationWaits;

    /// <summary>Device-hours on one H800 of the generation in work, and what is done of them.</summary>
    private double _generationWork;
    private double _generationDone;

    private void BeginGenerations()
    {
        foreach (var (work, left) in _model.Starting)
            Enqueue(new Gang(work, _numbers++, 0, work.Spec.WorkHours * left));
        if (_model.GenerationClasses.Length > 0) GenerationStarts();
    }

    private void BeginStreams()
    {
        for (var i = 0; i < _model.StreamClasses.Length; i++) ScheduleArrival(i, 0);
    }

    private void ScheduleArrival(int stream, int job)
    {
        var plan = _model.Scenario.Streams[stream];
        if (plan.Count > 0 && job >= plan.Count) return;
        var late = plan.Jitter > TimeSpan.Zero
            ? (long)(plan.Jitter.TotalSeconds * _draws.Uniform(Draw.Arrival, stream, job))
            : 0;
        var at = (long)(plan.Start + plan.Every * job).TotalSeconds + late;
        if (at < _end) Schedule(Math.Max(at, _now), new Event(What.Arrives, stream, null, job));
    }

    private void Arrives(int stream, int job)
    {
        var work = _model.StreamClasses[stream];
        if (work.Spec.Kind == Core.Jobs.JobKind.Training)
            Enqueue(new Gang(work, _numbers++, _now, work.Spec.WorkHours * _factors.ResearchWork));
        else EnqueueTasks(work, work.Spec.Tasks, _now);
        ScheduleArrival(stream, job + 1);
    }

    private void GenerationStarts()
    {
        if (_done.Count >= _model.Scenario.Generations.Most) return;
        _generation = _done.Count;
        _generationStarted = _now;
        _generationDone = 0;
        _generationWork = 0;
        for (var i = 0; i < _model.GenerationClasses.Length; i++)
            _generationWork += WorkOf(i) * _model.Scenario.Generations.Jobs[i].Count;
        _stage = 0;
        NextStage();
    }

    private double WorkOf(int job) => _model.GenerationClasses[job].Spec.WorkHours * _factors.GenerationWork
        * Math.Pow(_factors.GenerationGrowth, _generation);

    private void NextStage()
    {
        var jobs = _model.Scenario.Generations.Jobs;
        var next = int.MaxValue;
        foreach (var job in jobs)
            if (job.Stage > _stage) next = Math.Min(next, job.Stage);
        if (next == int.MaxValue)
        {
            GenerationEnds();
            return;
        }

        _stage = next;
        for (var i = 0; i < jobs.Count; i++)
        {
            if (jobs[i].Stage != next) continue;
            for (var n = 0; n < jobs[i].Count; n++)
            {
                _open++;
                Enqueue(new Gang(_model.GenerationClasses[i], _numbers++, _now, WorkOf(i))
                {
                    Generation = _generation,
                });
            }
        }
    }

    private void GenerationJobEnds(Gang gang)
    {
        _generationDone += WorkOf(gang.Class.Index - _model.GenerationClasses[0].Index);
        _open--;
        if (_open == 0) NextStage();
    }

    private void GenerationEnds()
    {
        var plan = _model.Scenario.Generations;
        var late = plan.Deadline > TimeSpan.Zero && _now - _generationStarted > plan.Deadline.TotalSeconds;
        _done.Add(new GenerationDone(_generation + 1, _generationStarted, _now, late));
        _generation = -1;
        Schedule(_now + (long)plan.Pause.TotalSeconds, new Event(What.GenerationStarts, 0));
    }

    private double Progress(bool onTime)
    {
        var complete = onTime ? _done.Count(d => !CountsAsLate(d)) : _done.Count;
        if (_generation < 0 || _generationWork <= 0) return complete;
        var deadline = _model.Scenario.Generations.Deadline.TotalSeconds;
        if (onTime && deadline > 0 && _model.Relaxed != Relaxed.Deadline && _now - _generationStarted > deadline)
            return complete;
        var done = _generationDone;
        foreach (var running in _gangs)
            foreach (var gang in running)
                if (gang.Generation == _generation)
                    done += WorkOf(gang.Class.Index - _model.GenerationClasses[0].Index)
                        - gang.LeftAt(_now, saves: true);
        foreach (var waiting in _waiting)
            foreach (var (gang, _) in waiting.UnorderedItems)
                if (gang.Generation == _generation)
                    done += WorkOf(gang.Class.Index - _model.GenerationClasses[0].Index) - gang.Left;
        return complete + Math.Min(1, done / _generationWork);
    }
}
