using Stockpile.Core.Explain;
using Stockpile.Core.State;

namespace Stockpile.Tests.Shared;

/// <summary>Asks for the start of jobs that wait, again and again: each start that was told is met, or an answer has
/// said that it moved, and why.</summary>
/// <param name="tell">What is told, from what was told before; see <see cref="StartTold.Of"/>.</param>
public sealed class PromiseWatch(
    SteadyLoad load, Func<Explanation, StartTold?, StartTold?> tell, Action<string> see)
{
    /// <summary>A cycle looks at least so often.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromMinutes(6);

    private readonly Dictionary<long, StartTold> _told = [];
    private readonly HashSet<long> _held = [];

    /// <summary>Nobody asks any more, so nobody can be told that a start moves.</summary>
    public void Forget() => _told.Clear();

    /// <summary>Null, or the start that was neither met nor said to have moved.</summary>
    /// <param name="each">One job of so many is asked for, and at most so many at a time: an answer costs a look at all
    /// that runs and waits.</param>
    public string? Look(Round round, int each, int most)
    {
        string? found = null;
        foreach (var placed in round.Events.OfType<JobPlaced>())
            if (_told.Remove(placed.Job, out var last))
            {
                // There was room at once, and something else kept it: the answer said what.
                if (round.At > last.Start + Beat && !_held.Contains(placed.Job))
                    found ??= $"job {placed.Job} starts {round.At} and was told {last}";
                see("met");
            }

        foreach (var job in load.State.Jobs.Values.Where(j => j.Waits && j.Number % each == 0).Take(most).ToList())
        {
            var why = Explainer.ExplainFully(load.State, job, round.At);
            var before = _told.GetValueOrDefault(job.Number);
            if (tell(why, before) is not { } now) continue;
            _told[job.Number] = now;
            if (now.Start <= round.At && why.Tried?.Outcome == CycleOutcome.HeldBack) _held.Add(job.Number);
            else _held.Remove(job.Number);
            see(why.Reservation is null ? "told" : "promised");
            if (before is null || now.Start <= before.Start + Beat) continue;
            if (now.Moved?.At != round.At) found ??= $"job {job.Number} moved unsaid: {before}, {now}";
            see("moved");
            var because = now.Moved?.Because ?? "";
            if (because.Contains("turn", StringComparison.Ordinal)) see("moved for a turn");
            if (because.Contains("ends later", StringComparison.Ordinal)) see("for an end");
            if (because.Contains("fewer", StringComparison.Ordinal)) see("for a node");
        }

        return found;
    }
}
