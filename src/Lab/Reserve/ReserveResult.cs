namespace Stockpile.Lab.Reserve;

/// <summary>A generation that was completed.</summary>
/// <param name="Started">Seconds from the start of the run.</param>
/// <param name="Late">It took longer than the deadline.</param>
public sealed record GenerationDone(int Number, long Started, long Done, bool Late);

/// <summary>Requests of one service over a run.</summary>
/// <param name="WantedHours">What was wanted, in device-hours of the reference device at the target load.</param>
public sealed record ServiceResult(string Name, bool Outside, double Wanted, double Served, double WantedHours)
{
    public double Share => Wanted > 0 ? Served / Wanted : 1;
}

/// <summary>What one run gave.</summary>
/// <param name="Generations">Completed, in their order.</param>
/// <param name="Progress">Completed generations and the share of the work of the next that is done.</param>
/// <param name="OnTime">The same, without generations that were late.</param>
/// <param name="Stock">By sample and tier: devices that work, see <see cref="ReserveRun.SampleEvery"/>.</param>
public sealed record ReserveResult(
    IReadOnlyList<GenerationDone> Generations,
    double Progress,
    double OnTime,
    Ledger Ledger,
    IReadOnlyList<ServiceResult> Services,
    int[][] Stock,
    RunCounts Counts)
{
    public int Completed => Generations.Count;

    public double DemandServed => ShareOf(Services.Where(s => !s.Outside));

    public double OutsideServed => ShareOf(Services.Where(s => s.Outside));

    /// <summary>Device-hours of the reference device by which demand was not met, outside tenants left out.</summary>
    public double LostHours => Services.Where(s => !s.Outside).Sum(s => (1 - s.Share) * s.WantedHours);

    public double OutsideLostHours => Services.Where(s => s.Outside).Sum(s => (1 - s.Share) * s.WantedHours);

    /// <summary>Services weigh by the devices they want, since a request of one is not a request of another.</summary>
    private static double ShareOf(IEnumerable<ServiceResult> services)
    {
        var list = services.ToList();
        var wanted = list.Sum(s => s.WantedHours);
        return wanted > 0 ? list.Sum(s => s.Share * s.WantedHours) / wanted : 1;
    }
}

/// <summary>What happened in a run.</summary>
public sealed class RunCounts
{
    public int JobsCompleted { get; internal set; }
    public int TasksCompleted { get; internal set; }
    public int Preempted { get; internal set; }

    /// <summary>Replicas and tasks that a gang took the devices of.</summary>
    public int GuestsTaken { get; internal set; }

    /// <summary>Replicas and tasks whose place a task at home took.</summary>
    public int TasksPreempted { get; internal set; }
    public int Failures { get; internal set; }
    public int Interruptions { get; internal set; }

    /// <summary>Devices scrapped: broken for good, and not to be bought.</summary>
    public int Scrapped { get; internal set; }

    /// <summary>Devices ordered that a ban kept away.</summary>
    public int NotDelivered { get; internal set; }

    /// <summary>Hours in which a gang of the generation in work waited for devices.</summary>
    public double GenerationWaitedHours { get; internal set; }

    /// <summary>Device-hours on one H800 done twice, or spent restarting.</summary>
    public double HoursLostToFaults { get; internal set; }

    /// <summary>Training jobs completed, by name.</summary>
    public Dictionary<string, int> CompletedByName { get; } = new(StringComparer.Ordinal);
}
