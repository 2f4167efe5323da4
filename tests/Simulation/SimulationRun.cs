using System.Globalization;
using Akka.Actor;
using Stockpile.Core.Audit;
using Stockpile.Core.Fleets;
using Stockpile.Core.State;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Audit;
using Stockpile.Simulation.Tests.Cells;
using Stockpile.Simulation.Tests.Clients;
using Stockpile.Simulation.Tests.Faults;
using Stockpile.Simulation.Tests.Invariants;
using Stockpile.Simulation.Tests.Nodes;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests;

/// <summary>What one seed gave.</summary>
/// <param name="Hash">Of every step; the same for the same seed.</param>
public sealed record SimulationResult(
    int Seed, long Steps, ulong Hash, IReadOnlyDictionary<string, long> Counts, ViolationException? Violation,
    string Told);

/// <summary>
/// One seed: a fleet, minutes of faults, then calm, in which everything has to end and to agree.
/// </summary>
public sealed class SimulationRun
{
    private const int TraceLines = 60;

    private static readonly TimeSpan SettledAfter = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CalmMost = TimeSpan.FromMinutes(20);

    private static readonly QuotaPolicy Owned = new(
        from tier in SimCluster.Catalog.Tiers.Select(t => t.Name)
        from owner in ((string Tenant, int Percent)[])[("research", 50), ("products", 30)]
        select (owner.Tenant, tier, new TenantQuota(owner.Percent, BorrowPercent: 100)));

    private readonly SimWorld _world;
    private readonly SimCluster _cluster;
    private readonly SimClients _clients;
    private readonly SimFaults _faults;
    private readonly TimeSpan _faultyFor;

    private SimulationRun(int seed, PlantedBug bug)
    {
        _world = new SimWorld(seed);
        var fleet = new Fleet(_world.Random);
        _cluster = new SimCluster(_world, fleet, PolicyOf(_world.Random), bug);
        _clients = new SimClients(_cluster);
        _ = new KeyUsers(_cluster);
        _faults = new SimFaults(_cluster);
        _faultyFor = _world.Between(60, 240);
    }

    /// <param name="trace">Takes every step as a line.</param>
    public static SimulationResult Of(int seed, PlantedBug? bug = null, TextWriter? trace = null)
    {
        var run = new SimulationRun(seed, bug ?? PlantedBug.None);
        run._world.Trace.All = trace;
        ViolationException? violation = null;
        try
        {
            run.Go();
        }
        catch (Exception fault)
        {
            violation = fault as ViolationException
                ?? new ViolationException(Invariant.NothingThrows, fault.Message, fault);
        }

        var world = run._world;
        trace?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"hash {world.Trace.Hash:x16}"));
        return new SimulationResult(
            seed, world.Steps, world.Trace.Hash, world.Counts, violation, violation is null ? "" : run.Tell(violation));
    }

    /// <summary>The shipped policy and one under which everybody may be pushed out at any time, and both with tenants
    /// that own parts of each tier, which others borrow until they are reclaimed.</summary>
    private static Policy PolicyOf(Random random)
    {
        var queue = SimCluster.ShippedPolicy.Queue;
        if (random.Next(2) == 0) queue = queue with { Preemption = PreemptionPolicy.Unprotected };
        if (random.Next(2) == 0) queue = queue with { Quotas = Owned };
        return SimCluster.ShippedPolicy with { Queue = queue };
    }

    private void Go()
    {
        var end = _world.Now + _faultyFor;
        RunTo(end);
        _faults.CalmDown();
        // What is still on its way may drain a node, or fail one.
        end = _world.Now + SettledAfter;
        RunTo(end);
        _faults.MendNodes();
        _clients.ResumeAll();
        CalmUntil("every client is answered", () => _clients.AllAnswered);
        // The services still run, so that there is something to agree about.
        CalmUntil("the audit finds nothing", AuditIsClean);
        CalmUntil("all jobs end", () =>
        {
            _clients.CancelServices();
            return _cluster.Ledger.Jobs.Values.All(j => j.Ended) && _cluster.Devices.Running == 0;
        });
        CalmUntil("the audit finds nothing at the end", AuditIsClean);
        CalmUntil("every job that was acknowledged is found", _clients.FindsAll);
        foreach (var cell in _cluster.Cells) FromNothing(cell);
    }

    private void RunTo(TimeSpan instant)
    {
        while (_world.Step(instant))
        {
            // Each step is checked as it is taken.
        }
    }

    private void CalmUntil(string what, Func<bool> isSo)
    {
        var latest = _world.Now + CalmMost;
        for (var next = _world.Now; next <= latest; next += TimeSpan.FromSeconds(1))
        {
            RunTo(next);
            if (isSo()) return;
        }

        var invariant = what.StartsWith("the audit", StringComparison.Ordinal)
            ? Invariant.AuditFindsNothing
            : Invariant.Converges;
        _world.Fail(invariant, $"after {CalmMost.TotalMinutes} minutes of calm it is not so that {what}: {Stuck()}");
    }

    private string Stuck()
    {
        var open = _cluster.Ledger.Jobs.Where(j => !j.Value.Ended).Select(j =>
        {
            var state = _cluster.Ledger.Replayed(j.Value.At.Cell);
            var job = state.FindJob(j.Value.At.Number);
            var why = job is { Waits: true } ? Core.Explain.Explainer.Explain(state, job).Reason : "";
            return $"{j.Key} {job?.Spec.Kind} {job?.Phase} held={job?.Held} of {job?.Spec.Devices} devices {why}";
        });
        return $"{_cluster.Devices.Running} allocations run; answered {_clients.AllAnswered}; "
            + string.Join("; ", open.Concat(_findings.Select(f => f.Sentence)));
    }

    private IReadOnlyList<AuditFinding> _findings = [];

    /// <summary>The questions of <c>stockpile audit</c>, put at an instant when nobody is under way.</summary>
    private bool AuditIsClean()
    {
        var looks = new List<CellLook>();
        foreach (var cell in _cluster.Cells)
        {
            var home = _cluster.HomeOf(cell);
            if (home.Owners.GetValueOrDefault(cell) is not { Serves: true, Engine: { } engine }) return false;
            CellAudit? answer = null;
            var hosts = new List<HostClaim>();
            Ask(new AuditCell { Cell = cell }, said => answer = said as CellAudit);
            if (answer is null) return false;
            var claim = answer.ToClaim();
            foreach (var host in claim.Hosts)
                Ask(new AuditHost { Cell = cell, Host = host }, said =>
                {
                    if ((said as HostAudit)?.ToClaim() is { } hosted) hosts.Add(hosted);
                });
            var journal = _cluster.Ledger.Replayed(cell);
            looks.Add(new CellLook(
                cell, claim, new JournalClaim(journal.RoundNumber, AllocationsHash.Of(journal), journal.Epoch), hosts));

            void Ask(Protocol.ICellMessage message, Action<object> take)
            {
                home.After(TimeSpan.Zero, "audit", () =>
                    engine.Receive(message, new SimRef(home, "audit", (said, _) => take(said))));
                var until = _world.Now + TimeSpan.FromMilliseconds(50);
                RunTo(until);
            }
        }

        _findings = AuditComparison.Compare(looks);
        return _findings.Count == 0;
    }

    /// <summary>The journal alone is enough.</summary>
    private void FromNothing(string cell)
    {
        var state = new CellState(cell, SimCluster.Catalog, _cluster.Policy);
        foreach (var row in _cluster.Journal.Read(cell))
            Scheduler.Journal.JournalRow.Replay(state,
                Scheduler.Journal.JournalRow.Read(cell, state.RoundNumber, row.Number, row));
        _cluster.Ledger.CompareImages(cell, state, "replayed");
        if (_cluster.HomeOf(cell).Owners.GetValueOrDefault(cell)?.Engine is { } live)
            _cluster.Ledger.CompareImages(cell, live.State, "last");
    }

    private string Tell(ViolationException found)
    {
        var lines = string.Join('\n', _world.Trace.LastLines(TraceLines));
        return string.Create(CultureInfo.InvariantCulture,
            $"seed {_world.Seed}, step {_world.Steps}, {_world.Now.TotalSeconds:0.000} s: {found.Message}\n")
            + $"{found.InnerException?.StackTrace}\nagain: STOCKPILE_SIM_SEED={_world.Seed} "
            + $"dotnet test tests/Simulation -c Release\nthe last {TraceLines} steps:\n{lines}";
    }
}
