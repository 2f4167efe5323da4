using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>
/// Follows the rounds and knows when each gang was placed, how often it had to leave and for whom: a gang leaves only
/// after its protection, never twice for the same gang, and keeps what its last checkpoint holds.
/// </summary>
public sealed class Thrash(PreemptionPolicy policy)
{
    private readonly Dictionary<long, DateTimeOffset> _placedAt = [];
    private readonly Dictionary<long, double> _checkpoints = [];
    private readonly Dictionary<long, List<long>> _leftFor = [];
    private readonly Dictionary<long, JobSpec> _specs = [];

    /// <summary>The gangs that each gang left for.</summary>
    public IReadOnlyDictionary<long, List<long>> LeftFor => _leftFor;

    /// <summary>Complaints about a round that the state has taken up.</summary>
    public IEnumerable<string> Complaints(Round round, CellState state)
    {
        var complaints = new List<string>();
        foreach (var committed in round.Events)
            switch (committed)
            {
                case JobSubmitted e: _specs[e.Job] = e.Spec; break;
                case JobAdopted e: (_specs[e.Job], _checkpoints[e.Job]) = (e.Spec, e.Done); break;
                case JobPlaced e: _placedAt[e.Job] = round.At; break;
                case CheckpointRecorded e: _checkpoints[e.Job] = e.Done; break;
                case JobRequeued { By: > 0 } e when _specs[e.Job].Kind == JobKind.Training:
                    complaints.AddRange(OfLeaving(round, e));
                    break;
                default: break;
            }

        foreach (var job in state.Jobs.Values)
            if (job.Spec.Kind == JobKind.Training && job.Ended is null
                && job.Done != _checkpoints.GetValueOrDefault(job.Number))
                complaints.Add($"gang {job.Number} has {job.Done} done, and its last checkpoint "
                    + $"{_checkpoints.GetValueOrDefault(job.Number)}");
        return complaints;
    }

    private IEnumerable<string> OfLeaving(Round round, JobRequeued e)
    {
        if (!_leftFor.TryGetValue(e.Job, out var earlier)) _leftFor.Add(e.Job, earlier = []);
        var doubled = policy.MinRunTime * Math.Pow(2, earlier.Count);
        var protection = doubled < policy.MaxProtection ? doubled : policy.MaxProtection;
        var ran = round.At - _placedAt[e.Job];
        if (ran < protection)
            yield return $"gang {e.Job} left for {e.By} after {ran}, protected for {protection} "
                + $"after {earlier.Count} times";
        if (earlier.Contains(e.By)) yield return $"gang {e.Job} left for gang {e.By} twice";
        if (_specs[e.Job].Priority >= _specs[e.By].Priority)
            yield return $"gang {e.Job} left for gang {e.By}, which is not more urgent";
        earlier.Add(e.By);
    }
}
