using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Queueing;

/// <summary>A gang that holds devices of one model.</summary>
/// <param name="Until">It is protected before.</param>
/// <param name="End">It ends by itself, estimated.</param>
/// <param name="Cost">Device-milliseconds that it loses when it leaves now.</param>
public sealed record Holder(JobState Job, int Devices, DateTimeOffset Until, DateTimeOffset End, double Cost);

/// <summary>
/// The gangs that run, by model, and the single tasks that are at home there. Gathered once and kept while attempts
/// fail, because a failed attempt changes nothing.
/// </summary>
public sealed class Holders
{
    private static readonly List<Holder> NoGangs = [];
    private static readonly List<AllocationState> NoTasks = [];

    private readonly Dictionary<string, List<Holder>> _gangs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<AllocationState>> _tasks = new(StringComparer.Ordinal);

    public Holders(CellState state, DateTimeOffset now)
    {
        Now = now;
        Policy = state.Policy.Queue.Preemption;
        var seen = new HashSet<long>();
        foreach (var allocation in state.Allocations.Values)
        {
            var job = allocation.Job;
            var model = allocation.Node.Accelerator.Model;
            if (job.Spec.Kind != JobKind.Training)
            {
                if (!allocation.Guest && allocation.Placed.RunTime > TimeSpan.Zero) Of(_tasks, model).Add(allocation);
            }
            else if (seen.Add(job.Number))
            {
                var devices = job.Allocations.Values.Sum(a => a.DeviceMilli) / Limits.MilliPerDevice;
                var until = Protection.Until(job, Policy);
                if (Protection.EndOfRest(allocation, now, state.Policy) is { } rest && rest > until) until = rest;
                Of(_gangs, model).Add(new Holder(
                    job, devices, until,
                    job.Allocations.Values.Max(a => Protection.EndOf(a, now)),
                    Protection.Cost(job, devices, now, Policy)));
            }
        }
    }

    public DateTimeOffset Now { get; }

    public PreemptionPolicy Policy { get; }

    public IReadOnlyList<Holder> Gangs(string model) => _gangs.GetValueOrDefault(model, NoGangs);

    /// <summary>Batch tasks at home on the model; services never end, and guests leave anyway.</summary>
    public IReadOnlyList<AllocationState> Tasks(string model) => _tasks.GetValueOrDefault(model, NoTasks);

    private static List<T> Of<T>(Dictionary<string, List<T>> map, string model)
    {
        if (!map.TryGetValue(model, out var list)) map.Add(model, list = []);
        return list;
    }
}
