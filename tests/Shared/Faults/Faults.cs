namespace Stockpile.Tests.Shared.Faults;

/// <summary>All faults, in the order in which the bench lets them happen.</summary>
internal static class Faults
{
    /// <summary>What a member says that the cluster put out.</summary>
    public const string PutOut = "the cluster put this member out";

    /// <summary>What one says whose schedulers were all put out.</summary>
    public const string Stranded = "no scheduler is left in the cluster of this member";

    /// <summary>Longer than the failure detector and the split-brain resolver together.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(12);

    /// <summary>What the titles say, and the bench measures.</summary>
    public static readonly TimeSpan Outage = TimeSpan.FromSeconds(20);

    public static IReadOnlyList<Fault> All { get; } =
    [
        new("kill-scheduler", "a scheduler is killed (`kill -9`)", "its cells place again elsewhere within 10 s", Kill)
        {
            GoalSeconds = 10,
        },
        new("pause-scheduler", "a scheduler sleeps for 12 s (`SIGSTOP`) and wakes",
            "its cells place again elsewhere within 10 s; awake, it ends with 1 and says so", PauseAndWake)
        {
            GoalSeconds = 10,
        },
        new("roll-schedulers", "all schedulers are stopped (`SIGTERM`) and started again, one by one",
            "each ends with 0; its cells place again elsewhere within 2 s", Roll)
        {
            GoalSeconds = 2,
        },
        new("kill-host", "a host of nodes is killed (`kill -9`)", "its work is placed again within 15 s", KillHost)
        {
            GoalSeconds = 15,
        },
        new("kill-both", "a scheduler and a host are killed at once",
            "the cells place again elsewhere within 10 s", KillBoth)
        {
            GoalSeconds = 10,
        },
        new("kill-in-flood", "a scheduler is killed while 96 clients submit as fast as they can",
            "its cells place again elsewhere", KillInFlood),
        new("stop-postgres", "PostgreSQL is stopped for 20 s (`fast`)",
            "all cells place again within 15 s of its return", scene => StopPostgres(scene, "fast"))
        {
            GoalSeconds = 15,
        },
        new("crash-postgres", "PostgreSQL crashes and is away for 20 s (`immediate`)",
            "all cells place again within 15 s of its return", scene => StopPostgres(scene, "immediate"))
        {
            GoalSeconds = 15,
        },
        new("fill-disk", "the disk of the journal is full for 10 s",
            "all cells place again within 15 s of the disk having room", FillDisk)
        {
            GoalSeconds = 15, NeedsDisk = true,
        },
        new("cut-off-minority", "a scheduler and a host are cut off from the others, not from the database",
            "the majority places again within 10 s; both that are cut off end with 1 and say so", CutOff)
        {
            GoalSeconds = 10, NeedsNetwork = true,
        },
        new("one-way-loss", "what a scheduler sends does not reach the others any more; it hears them",
            "the majority places again within 10 s; the scheduler ends with 1 and says so", LoseOneWay)
        {
            GoalSeconds = 10, NeedsNetwork = true,
        },
        new("flapping-link", "the link of a scheduler is cut four times for 2.5 s, 1.5 s apart",
            "its cells place again within 10 s of the last time; who is put out ends with 1 and says so", Flap)
        {
            GoalSeconds = 10, NeedsNetwork = true,
        },
    ];

    public static Fault Of(string name) => All.Single(f => f.Name == name);

    private static async Task Kill(FaultScene scene)
    {
        var victim = scene.Lab.NextOwner();
        var cells = scene.Lab.CellsOf(victim);
        scene.Begins(victim);
        victim.Kill();
        await scene.TakenOverAsync(cells);
    }

    private static async Task PauseAndWake(FaultScene scene)
    {
        var victim = scene.Lab.NextOwner();
        var cells = scene.Lab.CellsOf(victim);
        scene.Begins(victim);
        victim.Pause();
        try
        {
            await scene.TakenOverAsync(cells);
            var left = Pause - (DateTime.UtcNow - scene.At);
            if (left > TimeSpan.Zero) await Task.Delay(left, scene.Cancel);
        }
        finally
        {
            victim.Resume();
        }

        await scene.EndsAsync(victim, 1, PutOut);
    }

    private static async Task Roll(FaultScene scene)
    {
        foreach (var scheduler in scene.Lab.Schedulers)
        {
            await scene.Lab.WholeAsync(scene.Cancel);
            var cells = scene.Lab.CellsOf(scheduler);
            await scene.Lab.Tail.ReadAsync(scene.Cancel);
            scene.Begins(scheduler);
            scheduler.Terminate();
            await scene.TakenOverAsync(cells);
            await scene.EndsAsync(scheduler, 0, "stopping: cells hand over, nodes leave");
        }
    }

    private static async Task KillInFlood(FaultScene scene)
    {
        await using var flood = new Flood(scene.Lab);
        await scene.Lab.UntilAsync("the flood is there", () => Task.FromResult(flood.Taken > 200),
            () => $"{flood.Taken} were taken, {flood.Refused} refused", scene.Cancel);
        await Kill(scene);
    }

    private static async Task KillHost(FaultScene scene)
    {
        var victim = scene.Lab.NextHost();
        scene.Begins(victim);
        victim.Kill();
        await scene.ReplacedAsync();
    }

    private static async Task KillBoth(FaultScene scene)
    {
        var (victim, host) = (scene.Lab.NextOwner(), scene.Lab.NextHost());
        var cells = scene.Lab.CellsOf(victim);
        scene.Begins(victim, host);
        victim.Kill();
        host.Kill();
        await scene.TakenOverAsync(cells);
    }

    private static async Task StopPostgres(FaultScene scene, string mode)
    {
        scene.Begins();
        scene.Lab.Postgres.Stop(mode);
        try
        {
            await Task.Delay(scene.Lab.Outage, scene.Cancel);
        }
        finally
        {
            scene.Lab.Postgres.Start();
        }

        await scene.PlacedAsync(FaultLab.Cells, DateTime.UtcNow);
    }

    private static async Task FillDisk(FaultScene scene)
    {
        var told = scene.Lab.Load.Failed.Count;
        scene.Begins();
        try
        {
            // What the server gives back meanwhile is taken as well, until nothing is acknowledged any more. It may
            // find room for a row later all the same; whether that row is in the journal is looked at afterwards.
            await scene.Lab.UntilAsync("no write succeeds", async () =>
            {
                var before = scene.Lab.Load.Jobs.Count;
                scene.Lab.Disk!.Fill();
                await Task.Delay(TimeSpan.FromSeconds(3), scene.Cancel);
                return scene.Lab.Load.Jobs.Count == before;
            }, () => "jobs are still acknowledged", scene.Cancel);
            for (var i = 0; i < 14; i++)
            {
                scene.Lab.Disk!.Fill();
                await Task.Delay(TimeSpan.FromMilliseconds(500), scene.Cancel);
            }

            scene.Expect(scene.Lab.Load.Failed.Skip(told).Any(f => f.Kind == "503"), "nobody was told to wait");
        }
        finally
        {
            scene.Lab.Disk!.Free();
            // A server that cannot write may have given up; whoever frees the disk starts it again.
            if (!scene.Lab.Postgres.IsRunning()) scene.Lab.Postgres.Start();
        }

        await scene.PlacedAsync(FaultLab.Cells, DateTime.UtcNow);
    }

    private static async Task CutOff(FaultScene scene)
    {
        var (victim, host) = (scene.Lab.NextOwner(), scene.Lab.NextHost());
        var cells = scene.Lab.CellsOf(victim);
        var network = scene.Lab.Network!;
        scene.Begins(victim, host);
        try
        {
            foreach (var other in scene.Lab.Members.Where(m => m != victim && m != host))
            {
                network.Cut(scene.Lab.NumberOf(victim), scene.Lab.NumberOf(other));
                network.Cut(scene.Lab.NumberOf(host), scene.Lab.NumberOf(other));
            }

            await scene.TakenOverAsync(cells);
            await scene.EndsAsync(victim, 1, PutOut);
            await scene.EndsAsync(host, 1, PutOut);
            // The majority never stopped.
            var since = DateTime.UtcNow;
            await scene.GoesOnAsync(FaultLab.Cells, since);
        }
        finally
        {
            network.Heal();
        }
    }

    private static async Task LoseOneWay(FaultScene scene)
    {
        var victim = scene.Lab.NextOwner();
        var cells = scene.Lab.CellsOf(victim);
        var network = scene.Lab.Network!;
        scene.Begins(victim);
        try
        {
            foreach (var other in scene.Lab.Members.Where(m => m != victim))
                network.CutOneWay(scene.Lab.NumberOf(victim), scene.Lab.NumberOf(other));
            await scene.TakenOverAsync(cells);
            await scene.EndsAsync(victim, 1, PutOut);
        }
        finally
        {
            network.Heal();
        }
    }

    private static async Task Flap(FaultScene scene)
    {
        var victim = scene.Lab.NextOwner();
        var cells = scene.Lab.CellsOf(victim);
        var network = scene.Lab.Network!;
        scene.Begins(victim);
        try
        {
            for (var i = 0; i < 4; i++)
            {
                foreach (var other in scene.Lab.Members.Where(m => m != victim))
                    network.Cut(scene.Lab.NumberOf(victim), scene.Lab.NumberOf(other));
                await Task.Delay(TimeSpan.FromSeconds(2.5), scene.Cancel);
                network.Heal();
                await Task.Delay(TimeSpan.FromSeconds(1.5), scene.Cancel);
            }
        }
        finally
        {
            network.Heal();
        }

        await scene.PlacedAsync(cells, DateTime.UtcNow);
        foreach (var member in scene.Lab.Members.Where(m => !m.IsRunning)) await scene.EndsAsync(member, 1, PutOut);
    }
}
