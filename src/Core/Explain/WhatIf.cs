using System.Numerics;
using Stockpile.Core.Commands;
using Stockpile.Core.Cycle;
using Stockpile.Core.State;

namespace Stockpile.Core.Explain;

/// <summary>A job that would lose devices to another one.</summary>
/// <param name="AsGuest">It had them as a guest; else its gang, or tasks of it, would be preempted.</param>
public sealed record Eviction(JobState Job, bool AsGuest, string Model, int Devices);

/// <summary>What would become of one submitted job.</summary>
/// <param name="Decision">What a real submission would be answered.</param>
/// <param name="Job">The job in the copy after the cycle; the known one for a repeat; null for a refused one.</param>
public sealed record Foreseen(Decision Decision, JobState? Job, IReadOnlyList<Eviction> Evictions);

/// <summary>Answers what would become of jobs if they were submitted now, without touching the cell.</summary>
public static class WhatIf
{
    /// <summary>A cycle that sent somebody away is followed by another; most of them that are looked at.</summary>
    private const int CyclesMax = 16;

    /// <summary>Jobs of each class and tenant that a copy has: more than a cycle looks through.</summary>
    private const int FrontMax = 2 * Limits.BackfillScanMax;

    /// <summary>
    /// Submits the jobs to a copy of the cell and runs the same cycle that the cell runs. In a cell where nothing else
    /// happens meanwhile, a real submission then does the same. Cost: a copy of the nodes, of the jobs that hold
    /// something, and of the first ones of each queue; those behind them would have no turn.
    /// </summary>
    /// <returns>The copy, and an answer for each job in its order.</returns>
    public static (CellState Copy, IReadOnlyList<Foreseen> Jobs) Submit(
        CellState state, IReadOnlyList<SubmitJob> submissions, DateTimeOffset now)
    {
        var copy = CellCopy.Of(state, FrontMax);
        var rounds = new List<(Round Round, RoundWriter Writer)>();
        var round = new RoundWriter(copy, now);
        var decided = new List<(Decision Decision, JobState? Job)>(submissions.Count);
        foreach (var submission in submissions)
        {
            // Jobs that are not in the copy may know the key, or fill the cell.
            if (CellDecider.Decide(state, submission) is var known and not Accepted)
            {
                decided.Add((known, known is AlreadyDone done ? state.FindJob(done.Job) : null));
                continue;
            }

            var number = copy.NextJob;
            var decision = round.Run(submission);
            decided.Add((decision, decision is Rejected ? null
                : copy.FindJob(decision is AlreadyDone repeat ? repeat.Job : number)));
        }

        for (var cycle = 0; cycle < CyclesMax; cycle++)
        {
            var more = SchedulingCycle.Run(copy, round).More;
            if (round.Close() is { } closed) rounds.Add((closed, round));
            if (!more) break;
            round = new RoundWriter(copy, now);
        }

        var evictions = EvictionsOf(rounds);
        return (copy, [.. decided.Select(d => new Foreseen(
            d.Decision, d.Job, d.Job is { } job && evictions.TryGetValue(job.Number, out var gone) ? gone : []))]);
    }

    /// <summary>Who leaves for whom: the victims leave right before the job is placed.</summary>
    private static Dictionary<long, List<Eviction>> EvictionsOf(List<(Round Round, RoundWriter Writer)> rounds)
    {
        var byJob = new Dictionary<long, List<Eviction>>();
        foreach (var (round, writer) in rounds)
        {
            var ended = writer.Ended.ToDictionary(e => e.Allocation.Sequence, e => e.Allocation);
            var leaving = new List<AllocationState>();
            foreach (var committed in round.Events)
                switch (committed)
                {
                    case AllocationsEnded { End: AllocationEnd.Preempted or AllocationEnd.GangBroken } ending:
                        leaving.AddRange(ending.Sequences.Select(s => ended[s]));
                        break;
                    case JobPlaced placed when leaving.Count > 0:
                        byJob.TryAdd(placed.Job, []);
                        byJob[placed.Job].AddRange(leaving
                            .GroupBy(a => (a.Job, a.Guest, a.Node.Accelerator.Model))
                            .Select(g => new Eviction(g.Key.Job, g.Key.Guest, g.Key.Model,
                                g.Sum(a => BitOperations.PopCount(a.DeviceMask)))));
                        leaving.Clear();
                        break;
                }
        }

        return byJob;
    }
}
