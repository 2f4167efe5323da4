using Stockpile.Core.Jobs;
using Stockpile.Core.Scoring;

namespace Stockpile.Core.State;

/// <summary>
/// What kind of tasks a cell expects: those of the jobs it knows, ended ones that it still remembers among them. It is
/// derived and read by scoring policies only, so it need not survive a recovery to the letter: what was placed stands
/// in the journal.
/// </summary>
public static class ExpectedWork
{
    /// <summary>The mix is made anew after this many further jobs, or after a quarter more where that is sooner.
    /// </summary>
    private const int JobsMax = 2_000;
    private const int JobsMin = 16;

    /// <summary>Whole nodes count as so much of the expected tasks, whatever was submitted: gangs want them.</summary>
    private const double WholeNodeShare = 0.05;

    /// <summary>Tasks of one job that count, so that a single large job does not stand for the whole future.</summary>
    private const int TasksPerJobMax = 1_000;

    /// <summary>Looks whether enough jobs came since the last time.</summary>
    internal static void Update(CellState state)
    {
        if (state.NextJob < state.MixDueAt && state.Nodes.Count == state.MixNodes) return;
        state.MixDueAt = state.NextJob + Math.Clamp(state.NextJob / 4, JobsMin, JobsMax);
        state.MixNodes = state.Nodes.Count;
        Expect(state, MixOf(state));
    }

    /// <summary>Lets a copy of a cell, which may lack jobs, expect what the cell expects, so that it would choose
    /// the same nodes. The copy must not outlive the next change of the cell.</summary>
    internal static void Copy(CellState from, CellState to)
    {
        (to.MixDueAt, to.MixNodes) = (from.MixDueAt, from.MixNodes);
        to.LeftOut = from.Jobs.Values.Where(j => to.FindJob(j.Number) is null);
        Expect(to, from.Mix);
    }

    private static void Expect(CellState state, WorkloadMix mix)
    {
        state.Mix = mix;
        state.Index.Scores.Use(ScoringPolicies.Create(
            state.Policy.Placement.Scoring, new ScoringContext(mix, Seed: 0)));
    }

    private static WorkloadMix MixOf(CellState state)
    {
        var tasks = new List<(TaskShape Shape, IReadOnlyList<string> Models, long Count)>();
        long total = 0;
        foreach (var jobs in state.Queue.Classes) Add(jobs, jobs.ExpectedTasks);
        foreach (var job in state.LeftOut) Add(job.Class, TasksOf(job.Spec).Count);

        var sizes = state.Nodes.Select(n => n.Devices).Distinct().ToList();
        foreach (var devices in sizes)
        {
            var count = (long)Math.Ceiling(Math.Max(1, total) * WholeNodeShare / sizes.Count);
            tasks.Add((new TaskShape(0, 0, devices, 0), [], count));
        }

        return WorkloadMix.Of(tasks);

        void Add(EquivalenceClass jobs, long count)
        {
            var home = jobs.Home.Count > 0 ? jobs.Home : jobs.Alternatives;
            tasks.Add((TasksOf(jobs.First).Shape, [.. home.Select(a => a.Model)], count));
            total += count;
        }
    }

    /// <summary>A gang counts as tasks of its shape per node, else of up to eight devices.</summary>
    internal static (TaskShape Shape, long Count) TasksOf(JobSpec spec)
    {
        if (spec.Kind != JobKind.Training) return (TaskShape.Of(spec), Math.Min(spec.TaskCount, TasksPerJobMax));
        var perNode = spec.PerNode > 0 ? spec.PerNode : Math.Min(spec.Devices, 8);
        var shape = new TaskShape(spec.CpuMilli * perNode, spec.MemoryMiB * perNode, perNode, 0);
        return (shape, Math.Min(Math.Max(1, spec.Devices / perNode), TasksPerJobMax));
    }
}
