using Akka.Actor;
using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Protocol;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Routing;
using Stockpile.Simulation.Tests.Cells;
using Stockpile.Simulation.Tests.Invariants;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Clients;

/// <summary>
/// A router that knows nothing of the fleet: it wishes for any cell, from the first moment on, and asks for another one
/// where that refuses the job for good. So keys are closed and bound anew more often than by a router that looks first.
/// </summary>
public sealed class KeyUsers : SimProcess
{
    private const int HopsMax = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly SimCluster _cluster;
    private readonly List<(string Key, JobSpec Spec)> _used = [];
    private readonly Dictionary<string, string> _jobs = new(StringComparer.Ordinal);
    private int _keys;

    public KeyUsers(SimCluster cluster) : base(cluster.World, "key users", 3)
    {
        _cluster = cluster;
        After(TimeSpan.FromSeconds(0.2), "key user", Act);
    }

    private void Act()
    {
        if (World.Calm) return;
        // Much while nodes join: then a cell's refusal for good does not hold for long.
        After(World.Now < SimCluster.WarmUp ? World.Between(0.02, 0.2) : World.Between(0.2, 2), "key user", Act);
        if (_cluster.Schedulers.Where(s => s is { Up: true, Paused: false }).ToList() is not { Count: > 0 } up) return;
        if (_used.Count == 0 || World.Roll(World.Now < SimCluster.WarmUp ? 0.2 : 0.4))
            _used.Add((SimCluster.NextKey("keyed-", ref _keys), new JobSpec
            {
                Name = $"keyed job {_keys}",
                Kind = JobKind.Batch,
                Tasks = 1,
                Devices = World.Pick([1, 1, 4, 8]),
                Duration = TimeSpan.FromMinutes(World.Random.Next(1, 10)),
                Models = World.Roll(0.5) ? [] : [World.Pick(["H800", "A800", "H20", "T4"])],
            }));
        var (key, spec) = World.Pick(_used);
        var via = World.Pick(up);
        via.After(TimeSpan.Zero, "key user asks", () => _ = SubmitAsync(via, key, spec));
    }

    private async Task SubmitAsync(SchedulerProcess via, string key, JobSpec spec)
    {
        try
        {
            var desks = new KeyDirectory(async message => await via.AskEntity(message, Patience) is BindKeysReply reply
                ? reply
                : throw new AskTimeoutException("the desk does not serve"));
            var wish = new KeyWish { Key = key, Cell = World.Pick(_cluster.Fleet.Cells) };
            for (var hop = 0; hop < HopsMax; hop++)
            {
                var bound = (await desks.BindAsync([wish]))[key];
                // A process that sleeps with the answer in its hand uses it when it is old.
                if (World.Roll(0.4)) await ((IRouterPorts)via).Delay(World.Between(0.1, 4));
                if (await AskAsync(via, bound, spec) is not { } result) return;
                if (result.Job is { } job) Took(key, job);
                if (result.Refusal is not { Code: Refusal.Unplaceable }) return;
                wish = new KeyWish
                {
                    Key = key,
                    Cell = World.Pick(_cluster.Fleet.Cells),
                    NotCell = bound.Cell,
                    NotGeneration = bound.Generation,
                };
            }
        }
        catch (AskTimeoutException)
        {
            World.Count("key user without an answer");
        }
    }

    private static async Task<SubmitResult?> AskAsync(SchedulerProcess via, KeyBinding bound, JobSpec spec)
    {
        IWireMessage reply = await via.AskEntity(new SubmitJobs
        {
            Cell = bound.Cell,
            Jobs = { new Submission { Key = bound.Key, Binding = bound.Generation, Spec = spec.ToWire() } },
        }, Patience);
        return reply is SubmitJobsReply { Results: [var result] } ? result : null;
    }

    private void Took(string key, JobView job)
    {
        World.Count("key user was answered");
        _cluster.Ledger.MustBeDurable(job);
        if (!_jobs.TryAdd(key, job.Id) && _jobs[key] != job.Id)
            World.Fail(Invariant.OneJobPerKey, $"the key {key} was {_jobs[key]} and is {job.Id} now");
    }
}
