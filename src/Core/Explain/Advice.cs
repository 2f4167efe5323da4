using System.Globalization;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;

namespace Stockpile.Core.Explain;

/// <summary>
/// What could be changed in a request so that it starts now: the planners are asked about a few changed requests, and
/// only what they say yes to is named.
/// </summary>
public static class Advice
{
    /// <summary>Most lines given.</summary>
    private const int LinesMax = 4;

    /// <summary>One line for each change that helps by itself, the smallest changes first.</summary>
    public static IReadOnlyList<string> For(CellState state, JobState job, DateTimeOffset now)
    {
        if (job.Class.Alternatives.Count == 0) return [];
        return [.. Lines(new Asked(state, job, now)).Take(LinesMax)];
    }

    private static IEnumerable<string> Lines(Asked asked)
    {
        var spec = asked.Job.Spec;
        if (asked.Where(spec) is not null) yield break;
        var sizes = spec.Kind == JobKind.Training
            ? Size(asked, spec, Math.Max(1, spec.PerNode), spec.LeastDevices,
                (s, n) => s with { Devices = n, MinDevices = 0, MaxDevices = 0 })
            : Size(asked, spec, 1, spec.Devices, (s, n) => s with { Devices = n });
        if (sizes is not null) yield return sizes;
        if (Less(asked, spec.CpuMilli, 1_000, (s, n) => s with { CpuMilli = (int)n }) is var (cpu, onCpu))
            yield return $"{Cores(cpu)} cores per task instead of {Cores(spec.CpuMilli)} would start now on {onCpu}";
        if (Less(asked, spec.MemoryMiB, 1_024, (s, n) => s with { MemoryMiB = n }) is var (memory, onMemory))
            yield return $"{Size(memory)} of memory per task instead of {Size(spec.MemoryMiB)} would start now on "
                + onMemory;
        if (spec.PerNode > 0 && asked.Where(spec with { PerNode = 0 }) is { } spread)
            yield return $"without per-node = {spec.PerNode} it would start now on {spread}";
        if (spec.Labels.Count > 0 && asked.Where(spec with { Labels = JobSpec.NoLabels }) is { } anywhere)
            yield return $"without its labels it would start now on {anywhere}";
        if (spec.MinMemoryMiB > 0 && asked.Where(spec with { MinMemoryMiB = 0 }) is { } small)
            yield return $"min-memory = {Size(asked.MemoryOf(small))} instead of {Size(spec.MinMemoryMiB)} would "
                + $"start now on {small}";
        // Tiers cannot stand beside models, so a job that names models is told of another one.
        if (spec.Models.Count > 0)
        {
            foreach (var other in asked.State.Catalog.Models.Where(m => !m.IsVariant).Select(m => m.Model)
                .Except(spec.Models))
                if (asked.Where(spec with { Models = [other] }) is not null)
                    yield return $"with the model {other} allowed it would start now";
            yield break;
        }

        foreach (var tier in asked.State.Catalog.Tiers)
            if (asked.Job.Class.Alternatives.All(a => a.Tier.Name != tier.Name)
                && asked.Where(spec with { Models = [], Tiers = [tier.Name], Guest = true }) is { } model)
                yield return $"with the tier {tier.Name} allowed it would start now on {model}";
    }

    /// <summary>The largest smaller number of devices that would start now.</summary>
    private static string? Size(Asked asked, JobSpec spec, int step, int devices, Func<JobSpec, int, JobSpec> change)
    {
        // A smaller gang fits wherever a larger one does, so the largest that fits is found by halving.
        var low = 0;
        var high = (devices - 1) / step;
        string? where = null;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (asked.Where(change(spec, middle * step)) is { } on)
            {
                where = on;
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        if (low == 0) return null;
        var each = spec.Kind == JobKind.Training ? "" : " per task";
        return $"{Wording.Count(low * step, "device")}{each} instead of {Wording.Number(devices)} would start now "
            + $"on {where}";
    }

    /// <summary>Three quarters, a half or a quarter of an amount, in whole units; null where none helps.</summary>
    private static (long Amount, string Where)? Less(
        Asked asked, long amount, long unit, Func<JobSpec, long, JobSpec> change)
    {
        if (amount < 2 * unit) return null;
        for (var quarters = 3; quarters > 0; quarters--)
        {
            var less = amount * quarters / 4 / unit * unit;
            if (less > 0 && asked.Where(change(asked.Job.Spec, less)) is { } where) return (less, where);
        }

        return null;
    }

    private static string Cores(long milli) => (milli / 1000.0).ToString("0.###", CultureInfo.InvariantCulture);

    private static string Size(long mib) => mib % 1_024 == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{mib / 1_024}GiB")
        : string.Create(CultureInfo.InvariantCulture, $"{mib}MiB");

    /// <summary>The planners, asked about a changed request in this job's place in the queue.</summary>
    private sealed class Asked(CellState state, JobState job, DateTimeOffset now)
    {
        private readonly Backfill? _backfill = Backfill.Ask(state, now, job.Number);

        public CellState State => state;

        public JobState Job => job;

        /// <summary>The model on which it would start now; null: it would not.</summary>
        public string? Where(JobSpec spec)
        {
            if (JobValidator.Validate(spec, state.Catalog, state.Policy).Count > 0) return null;
            var alternatives = Alternatives.Of(spec, state.Catalog, state.Policy);
            var guard = _backfill?.GuardFor(spec, alternatives, state.Queue.TurnOf(job), job.Done);
            return spec.Kind == JobKind.Training
                ? GangPlanner.Plan(state, spec, alternatives, guard)?.Alternative.Model
                : TaskPlanner.Plan(state.Index, spec, alternatives, guard)?.Alternative.Model;
        }

        public long MemoryOf(string model) => state.Catalog.Find(model)!.MemoryMiB;
    }
}
