using Stockpile.Node.Nodes;
using Stockpile.Simulation.Tests.Cells;
using Stockpile.Simulation.Tests.World;

namespace Stockpile.Simulation.Tests.Faults;

/// <summary>What goes wrong, and when; then calm, in which everything has to come right by itself.</summary>
public sealed class SimFaults
{
    private readonly SimCluster _cluster;
    private readonly double _pauseSeconds;

    public SimFaults(SimCluster cluster)
    {
        _cluster = cluster;
        foreach (var member in cluster.Members)
            member.ClockError = TimeSpan.FromMilliseconds(World.Random.Next(0, 800));
        // Some runs are quiet and some are not: both have their own mistakes.
        _pauseSeconds = 1.5 + Math.Pow(World.Random.NextDouble(), 2) * 18;
        World.Schedule(World.Outside, SimCluster.WarmUp, "faults begin", Begin);
    }

    private void Begin()
    {
        var random = World.Random;
        var network = World.Network;
        network.KeepsOrder = random.Next(3) == 0;
        network.DropRate = Rate(0.04);
        network.RepeatRate = network.KeepsOrder ? 0 : Rate(0.04);
        network.LateRate = Rate(0.06);
        var journal = _cluster.Journal;
        journal.FailRate = Rate(0.01);
        journal.FailAfterRate = Rate(0.01);
        journal.HangRate = Rate(0.015);
        journal.OnHang = CrashWriter;
        Next();
    }

    private SimWorld World => _cluster.World;

    private double Rate(double most) => World.Random.Next(3) == 0 ? 0 : World.Random.NextDouble() * most;

    /// <summary>All that is broken is mended, and nothing breaks any more.</summary>
    public void CalmDown()
    {
        World.Calm = true;
        World.Network.CalmDown();
        _cluster.Journal.CalmDown();
        _cluster.Server.Start();
        foreach (var member in _cluster.Members)
        {
            if (member.Paused) member.Resume();
            if (!member.Up) member.Start();
        }

        foreach (var scheduler in _cluster.Schedulers) _cluster.TakeBack(scheduler);
    }

    public void MendNodes()
    {
        foreach (var member in _cluster.Members) member.Start();
        foreach (var host in _cluster.Hosts)
            foreach (var node in host.Specs)
                host.After(TimeSpan.Zero, "node recovers", () => host.Tell(node.Id, new RecoverNode()));
    }

    private void Next() => World.Schedule(
        World.Outside, World.Between(0.2, 1.8) * _pauseSeconds, "fault", () =>
        {
            if (World.Calm) return;
            Break();
            Next();
        });

    private void Break()
    {
        switch (World.Random.Next(20))
        {
            case < 3: CrashScheduler(); break;
            case < 5: PauseScheduler(); break;
            case < 8: CutOff(); break;
            case 8: _cluster.StartSecondOwner(World.Pick(_cluster.Entities)); break;
            case < 11: _cluster.Rebalance(World.Pick(_cluster.Entities)); break;
            case < 13: CrashHost(); break;
            case 13: LeaveHost(); break;
            case 14: PauseHost(); break;
            case < 18: Node(); break;
            case 18: StopJournal(); break;
            default: ClockJumps(); break;
        }
    }

    private void Later(TimeSpan after, string what, Action run) =>
        World.Schedule(World.Outside, after, what, () =>
        {
            if (!World.Calm) run();
        });

    private void CrashScheduler()
    {
        if (_cluster.Schedulers.Where(s => s is { Up: true, Paused: false }).ToList() is { Count: > 1 } up)
            Crash(World.Pick(up));
    }

    /// <summary>Its row may become durable when nobody waits for it any more.</summary>
    private void CrashWriter(SimProcess writer)
    {
        if (World.Calm || !World.Roll(0.6)) return;
        Later(World.Between(0, 1), "writer crashes", () =>
        {
            if (writer is SchedulerProcess { Up: true, Paused: false } scheduler) Crash(scheduler);
        });
    }

    private void Crash(SchedulerProcess gone)
    {
        World.Count("scheduler crashed");
        gone.Crash();
        Later(World.Between(1, 9), "scheduler is given up", () => _cluster.GiveUp(gone));
        Later(World.Between(0.5, 15), "scheduler starts", () => Back(gone));
    }

    private void Back(SchedulerProcess gone)
    {
        if (gone.Paused) return;
        gone.Start();
        _cluster.TakeBack(gone);
    }

    /// <summary>For longer than the failure detector waits, mostly: it wakes and does not know that it was put out.
    /// </summary>
    private void PauseScheduler()
    {
        if (_cluster.Schedulers.Where(s => s is { Up: true, Paused: false }).ToList() is not { Count: > 1 } up) return;
        var asleep = World.Pick(up);
        World.Count("scheduler paused");
        asleep.Pause();
        var wakes = World.Between(1, 20);
        Later(World.Between(1, 9), "scheduler is given up", () =>
        {
            if (asleep.Paused) _cluster.GiveUp(asleep);
        });
        Later(wakes, "scheduler wakes", () =>
        {
            if (!asleep.Paused) return;
            asleep.Resume();
            PutOut(asleep);
        });
    }

    /// <summary>It learns that it was put out, and starts again; or only that its cells are elsewhere.</summary>
    private void PutOut(SchedulerProcess woken) => Later(World.Between(0.1, 8), "scheduler is put out", () =>
    {
        if (woken.Paused) return;
        if (World.Roll(0.6)) woken.Crash();
        Back(woken);
    });

    private void CutOff()
    {
        var all = _cluster.Members.Cast<SimProcess>().Append(_cluster.Server).ToList();
        var side = all.Where(_ => World.Roll(0.3)).ToHashSet();
        if (World.Roll(0.4)) side = [World.Pick(_cluster.Schedulers)];
        else if (World.Roll(0.25)) side = [_cluster.Server];
        if (side.Count == 0) return;
        var direction = World.Random.Next(4);
        World.Count(direction > 1 ? "partition" : "partition one way");
        var partition = new SimNetwork.Partition(side, Outward: direction != 0, Inward: direction != 1);
        World.Network.Cut(partition);
        var lost = _cluster.Schedulers.Where(s => side.Contains(s) == (side.Count(p => p is SchedulerProcess) * 2
            <= _cluster.Schedulers.Count)).ToList();
        if (lost.Count < _cluster.Schedulers.Count && World.Roll(0.7))
            Later(World.Between(1, 9), "side is given up", () =>
            {
                if (!World.Network.Partitions.Contains(partition)) return;
                foreach (var scheduler in lost) _cluster.GiveUp(scheduler);
            });
        Later(World.Between(0.5, 25), "partition heals", () =>
        {
            World.Network.Heal(partition);
            foreach (var scheduler in lost.Where(s => s.Up)) PutOut(scheduler);
        });
    }

    private void CrashHost()
    {
        if (_cluster.Hosts.Where(h => h.Up).ToList() is not { Count: > 0 } up) return;
        var gone = World.Pick(up);
        World.Count("host crashed");
        gone.Crash();
        Later(World.Between(0.05, 20), "host starts", gone.Start);
    }

    private void LeaveHost()
    {
        if (_cluster.Hosts.Where(h => h is { Up: true, Paused: false }).ToList() is not { Count: > 0 } up) return;
        var leaves = World.Pick(up);
        World.Count("host told to leave");
        leaves.After(TimeSpan.Zero, "host leaves", leaves.Leave);
        Later(World.Between(6, 20), "host starts", () =>
        {
            if (!leaves.Paused) leaves.Start();
        });
    }

    private void PauseHost()
    {
        if (_cluster.Hosts.Where(h => h is { Up: true, Paused: false }).ToList() is not { Count: > 0 } up) return;
        var asleep = World.Pick(up);
        World.Count("host paused");
        asleep.Pause();
        Later(World.Between(0.5, 25), "host wakes", () =>
        {
            if (asleep.Paused) asleep.Resume();
        });
    }

    private void Node()
    {
        var host = World.Pick(_cluster.Hosts);
        if (!host.Up || host.Paused) return;
        var node = World.Pick(host.Specs).Id;
        switch (World.Random.Next(5))
        {
            case 0:
                World.Count("node broke");
                host.After(TimeSpan.Zero, "node breaks", () => host.BreakNode(node));
                break;
            case 1:
                World.Count("node slowed");
                Tell(new SlowNode(1 + World.Random.NextDouble() * 6));
                break;
            case < 4:
                World.Count("node failed");
                Tell(new FailNode("simulated"));
                Later(World.Between(0.05, 12), "node recovers", () => Tell(new RecoverNode()));
                break;
            default:
                Tell(new RecoverNode());
                break;
        }

        void Tell(object fault)
        {
            if (host.Up) host.After(TimeSpan.Zero, "node fault", () => host.Tell(node, fault));
        }
    }

    private void StopJournal()
    {
        if (!_cluster.Server.Up) return;
        World.Count("journal stopped");
        _cluster.Server.Crash();
        Later(World.Between(0.5, 20), "journal starts", _cluster.Server.Start);
    }

    private void ClockJumps()
    {
        World.Count("clock jumped");
        World.Pick(_cluster.Members.ToList()).ClockError = TimeSpan.FromMilliseconds(World.Random.Next(0, 3_000));
    }
}
