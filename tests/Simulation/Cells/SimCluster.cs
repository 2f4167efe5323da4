using Stockpile.Core.Fleets;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Configuration;
using Stockpile.Protocol;
using Stockpile.Scheduler.Process;
using Stockpile.Simulation.Tests.Faults;
using Stockpile.Simulation.Tests.Invariants;
using Stockpile.Simulation.Tests.Nodes;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Cells;

/// <summary>
/// All that runs: schedulers, hosts, the database, and what the cluster has agreed on about which scheduler has which
/// cell. It gives a cell to another scheduler when the one that has it is gone or seems to be, and nobody tells the old
/// one: then there are two owners, and only the journal and the epochs keep them apart.
/// </summary>
public sealed class SimCluster
{
    public static readonly Catalog Catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));

    public static readonly Policy ShippedPolicy =
        PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), Catalog);

    /// <summary>
    /// Until all nodes have joined and all routers know it. While a fleet grows, the home of a key may move, and two
    /// attempts with one key that are under way at the same time may end in two cells; see docs/simulation.md.
    /// </summary>
    public static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(6);

    private readonly SortedDictionary<string, SchedulerProcess> _homes = new(StringComparer.Ordinal);
    private readonly HashSet<SchedulerProcess> _suspected = [];

    public SimCluster(SimWorld world, Fleet fleet, Policy policy, PlantedBug bug)
    {
        World = world;
        Policy = policy;
        Bug = bug;
        Fleet = fleet;
        Server = new SimProcess(world, "journal", 1);
        Journal = new SimJournal(world, Server);
        Ledger = new Ledger(this);
        Journal.OnDurable = Ledger.OnDurable;
        Devices = new DeviceBook(world);
        for (var i = 0; i < fleet.Schedulers; i++) Schedulers.Add(new SchedulerProcess(this, $"scheduler-{i}", 10 + i));
        foreach (var (index, cell) in fleet.Cells.Index())
        {
            _homes[cell] = Schedulers[index % Schedulers.Count];
            _homes[cell].StartEntity(cell);
        }

        foreach (var (index, desk) in Desks.Index())
        {
            _homes[desk] = Schedulers[index % Schedulers.Count];
            _homes[desk].StartEntity(desk);
        }

        foreach (var (index, host) in fleet.Hosts.Index())
            Hosts.Add(new HostProcess(this, host.Key, host.Value, 30 + index));
        foreach (var host in Hosts.Where(_ => world.Roll(0.5)).ToList()) JoinsLate(host);
        foreach (var member in Members)
            foreach (var (cell, at) in _homes) member.Believe(cell, at);
        world.Outside.Every(TimeSpan.FromSeconds(2), "cluster looks", LookAfterCells, static () => true);
    }

    public SimWorld World { get; }
    public Policy Policy { get; }
    public PlantedBug Bug { get; }
    public Fleet Fleet { get; }
    public SimProcess Server { get; }
    public SimJournal Journal { get; }
    public Ledger Ledger { get; }
    public DeviceBook Devices { get; }
    public List<SchedulerProcess> Schedulers { get; } = [];
    public List<HostProcess> Hosts { get; } = [];

    public IEnumerable<MemberProcess> Members => Schedulers.Concat<MemberProcess>(Hosts);

    public SchedulerProcess HomeOf(string cell) => _homes[cell];

    public IEnumerable<string> Cells => Fleet.Cells;

    /// <summary>Cells and key desks: all that moves between schedulers.</summary>
    public IReadOnlyList<string> Entities => [.. _homes.Keys];

    /// <summary>The key desks that are used: few, so that much happens at each.</summary>
    public static IReadOnlyList<string> Desks { get; } = [.. KeyDesks.All.Take(4)];

    /// <summary>The next key, by number, that belongs to one of them.</summary>
    public static string NextKey(string prefix, ref int number)
    {
        while (true)
        {
            var key = $"{prefix}{++number}";
            if (Desks.Contains(KeyDesks.Of(key))) return key;
        }
    }

    /// <summary>Until it has joined its cells refuse for good what only its nodes could run.</summary>
    private void JoinsLate(HostProcess host)
    {
        host.Crash();
        World.Schedule(World.Outside, World.Between(0.5, 3.5), "host joins late", host.Start);
    }

    /// <summary>To every router and every cell, each on its own way.</summary>
    public void Publish(SchedulerProcess from, IWireMessage said)
    {
        foreach (var to in Schedulers)
            if (to == from) from.After(TimeSpan.Zero, "digest", () => from.OnStatus(said), said);
            else if (to.Up) World.Network.Transmit(from, to, "digest", said, body => to.OnStatus((IWireMessage)body));
    }

    /// <summary>The failure detector gave a scheduler up, rightly or not: its cells start elsewhere.</summary>
    public void GiveUp(SchedulerProcess gone)
    {
        _suspected.Add(gone);
        foreach (var (cell, home) in _homes.ToList())
            if (home == gone) Move(cell, Others(gone));
    }

    /// <summary>It is a member again.</summary>
    public void TakeBack(SchedulerProcess back) => _suspected.Remove(back);

    /// <summary>As sharding does when it spreads the cells anew: the old owner stops first.</summary>
    public void Rebalance(string cell)
    {
        var from = _homes[cell];
        if (!from.Runs(cell) || !from.Up) return;
        World.Count($"hand-over of a {KindOf(cell)} between schedulers");
        from.After(TimeSpan.Zero, "hand-over", () => from.StopEntity(cell));
    }

    /// <summary>A second owner although nothing is wrong with the first.</summary>
    public void StartSecondOwner(string cell) => Move(cell, Others(_homes[cell]));

    private List<SchedulerProcess> Others(SchedulerProcess but) =>
        [.. Schedulers.Where(s => s != but && s.Up && !s.Paused && !_suspected.Contains(s))];

    private void Move(string cell, List<SchedulerProcess> to)
    {
        if (to.Count == 0) return;
        var old = _homes[cell];
        var home = World.Pick(to);
        if (home.Runs(cell)) return;
        if (old != home && old.Runs(cell))
            World.Count(KeyDesks.IsDesk(cell) ? "two owners of a desk" : "two owners");
        _homes[cell] = home;
        home.After(TimeSpan.Zero, $"{KindOf(cell)} starts", () => home.StartEntity(cell));
        foreach (var member in Members) Tell(member, cell);
    }

    /// <summary>Members learn of a move sooner or later, and not while they are cut off from the new home.</summary>
    private void Tell(MemberProcess member, string cell) =>
        World.Schedule(World.Outside, World.Roll(0.1) && !World.Calm ? World.Between(1, 8) : World.Between(0.005, 0.3),
            "cell is elsewhere", () =>
            {
                var home = _homes[cell];
                if (!member.Up) return;
                if (World.Network.IsCut(home, member) || World.Network.IsCut(member, home)) Tell(member, cell);
                else member.Believe(cell, home);
            });

    /// <summary>What the coordinator of sharding sees to in the end: every cell has an owner, and only one.</summary>
    private void LookAfterCells()
    {
        foreach (var cell in _homes.Keys.ToList())
        {
            var home = _homes[cell];
            if (!home.Up || (!home.Runs(cell) && _suspected.Contains(home)))
                Move(cell, Others(home) is { Count: > 0 } others ? others : [.. Schedulers.Where(s => s.Up)]);
            else if (!home.Runs(cell) && !home.Paused)
            {
                if (World.Roll(0.5) && Others(home) is { Count: > 0 } others) Move(cell, others);
                else home.After(TimeSpan.Zero, $"{KindOf(cell)} starts", () => home.StartEntity(cell));
            }

            // One that was down or cut off when it moved asks, sooner or later.
            foreach (var member in Members.Where(m => m.Up))
                if (World.Calm) member.Believe(cell, _homes[cell]);
                else if (World.Roll(0.4)) Tell(member, cell);
            if (!World.Calm && !World.Roll(0.3)) continue;
            foreach (var other in Schedulers.Where(s => s != _homes[cell] && s.Up && !s.Paused))
                if (other.Runs(cell))
                {
                    Action<string> end = World.Roll(0.5) ? other.KillEntity : other.StopEntity;
                    other.After(TimeSpan.Zero, "second owner is put out", () => end(cell));
                }
        }
    }

    private static string KindOf(string entity) => KeyDesks.IsDesk(entity) ? "desk" : "cell";
}
