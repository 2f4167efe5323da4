namespace Stockpile.Lab.Reserve;

/// <summary>
/// Running gangs move to a better model whose devices nobody waits for, when that pays; as a cell's do.
/// </summary>
public sealed partial class ReserveRun
{
    private readonly List<Gang> _movable = [];
    private long _movedAt = -1;

    /// <summary>Gangs that run on another model than their first choice.</summary>
    private int _below;

    private void MoveUp()
    {
        if (_below == 0 || _stamp == _movedAt) return;
        _movedAt = _stamp;
        _movable.Clear();
        foreach (var gangs in _gangs)
            foreach (var gang in gangs)
                if (gang.Choice > 0 && gang.Class.Spec.Checkpoint > TimeSpan.Zero) _movable.Add(gang);
        var rest = _model.Policy.Gangs.ResizeInterval.TotalSeconds;
        foreach (var gang in _movable)
        {
            // Whoever has not rested yet is looked at again.
            if (_now - gang.Placed < rest) _movedAt = -1;
            else MoveUp(gang);
        }
    }

    private void MoveUp(Gang gang)
    {
        for (var choice = 0; choice < gang.Choice; choice++)
        {
            var to = gang.Class.Choices[choice];
            var pool = Tightest(to.Pools, gang.Devices, gang.Class.Step, long.MaxValue);
            if (pool < 0 || IsWanted(to.Model)) continue;
            var left = gang.LeftAt(_now, saves: true);
            var there = left / RateOf(gang, choice, gang.Devices) + _model.Policy.Gangs.Restart.TotalSeconds
                + _model.Policy.Guests.Grace.TotalSeconds;
            if (there * _model.Policy.Gangs.MigrateGain >= gang.End - _now) continue;
            Stop(gang, saves: true);
            Start(gang, choice, pool, gang.Devices);
            return;
        }
    }

    /// <summary>Whether somebody waits who may use the model, whatever keeps it from doing so now.</summary>
    private bool IsWanted(int model)
    {
        foreach (var index in _active)
        {
            var work = _model.Classes[index];
            if (!Waits(work, out _)) continue;
            foreach (var choice in work.Choices)
                if (choice.Model == model) return true;
        }

        return false;
    }
}
