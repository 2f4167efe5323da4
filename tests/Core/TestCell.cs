using Stockpile.Core.Commands;
using Stockpile.Core.Cycle;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Core.Tests.Cells;

namespace Stockpile.Core.Tests;

/// <summary>A cell by hand: nodes, jobs and cycles in a line each, over the catalogue of the random fleets.</summary>
public sealed class TestCell(Policy? policy = null)
{
    public static readonly DateTimeOffset Midnight = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    public CellState State { get; } = new("north", RandomFleet.Catalog, policy ?? RandomFleet.Policies[0]);

    public DateTimeOffset Now { get; set; } = Midnight;

    public List<Round> Rounds { get; } = [];

    /// <summary>Admits a node that is not short of CPU or memory unless it is told to be.</summary>
    public TestCell Node(
        string id, string model, int devices, int cpuMilli = 128_000, long memoryMiB = 1_048_576, string? rack = null)
    {
        var labels = new Dictionary<string, string>();
        if (rack is not null) labels["rack"] = rack;
        Accept(new AdmitNode(new NodeAdmitted(id, "host", 1, model, devices, cpuMilli, memoryMiB, labels), []));
        return this;
    }

    public JobState Submit(JobSpec spec, string key = "")
    {
        var number = State.NextJob;
        Accept(new SubmitJob(key, spec));
        return State.FindJob(number)!;
    }

    /// <summary>Submits the job and runs a cycle.</summary>
    public JobState Place(JobSpec spec)
    {
        var job = Submit(spec);
        Cycle();
        return job;
    }

    public CycleResult Cycle()
    {
        var round = new RoundWriter(State, Now);
        var result = SchedulingCycle.Run(State, round);
        Keep(round);
        return result;
    }

    public Decision Run(CellCommand command)
    {
        var round = new RoundWriter(State, Now);
        var decision = round.Run(command);
        Keep(round);
        return decision;
    }

    /// <summary>Runs a command that has to be accepted, and gives its events.</summary>
    public IReadOnlyList<CellEvent> Accept(CellCommand command)
    {
        var decision = Run(command);
        Assert.True(decision is Accepted, $"{command} -> {decision}");
        return ((Accepted)decision).Events;
    }

    /// <summary>Puts events into the state that no command would give: what an oracle has to object to.</summary>
    public void Force(params CellEvent[] events)
    {
        var round = new RoundWriter(State, Now);
        foreach (var committed in events) round.Commit(committed);
        Keep(round);
    }

    /// <summary>Where a job lies, as <c>node:devices</c> in the order of placement, for one-line comparisons.</summary>
    public static string Where(JobState job) => string.Join(' ', job.Allocations.Values.Select(a =>
        $"{a.Node.Id}:{System.Numerics.BitOperations.PopCount(a.DeviceMask)}"));

    public static JobSpec Gang(int devices, Priority priority = Priority.Normal) => new()
    {
        Name = "gang", Kind = JobKind.Training, Devices = devices, Priority = priority, WorkHours = 100,
    };

    public static JobSpec Service(int shareMilli, int replicas = 1) => new()
    {
        Name = "service", Kind = JobKind.Inference, ShareMilli = shareMilli,
        MinReplicas = replicas, MaxReplicas = Math.Max(1, replicas),
    };

    public static JobSpec Tasks(int devices, int tasks = 1) => new()
    {
        Name = "tasks", Kind = JobKind.Batch, Devices = devices, Tasks = tasks, Duration = TimeSpan.FromHours(1),
    };

    private void Keep(RoundWriter round)
    {
        if (round.Close() is { } closed) Rounds.Add(closed);
    }
}
