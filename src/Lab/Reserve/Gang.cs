namespace Stockpile.Lab.Reserve;

/// <summary>A training job of a run.</summary>
internal sealed class Gang(WorkClass work, long number, long arrived, double left)
{
    public WorkClass Class { get; } = work;

    /// <summary>Order of arrival.</summary>
    public long Number { get; } = number;

    public long Arrived { get; } = arrived;

    /// <summary>Device-hours on one H800 that its last checkpoint leaves to do.</summary>
    public double Left { get; set; } = left;

    /// <summary>Of generation work: which generation; else −1.</summary>
    public int Generation { get; init; } = -1;

    public int Pool { get; set; } = -1;

    /// <summary>Which of the class's choices it runs on.</summary>
    public int Choice { get; set; }

    public int Devices { get; set; }
    public long Placed { get; set; }

    /// <summary>When it works: after the restart, if it had to restart.</summary>
    public long Working { get; set; }

    public long End { get; set; }

    /// <summary>Device-hours on one H800 that it does per second.</summary>
    public double Rate { get; set; }

    public int Preemptions { get; set; }

    /// <summary>Whether it has run before and so has to load a checkpoint.</summary>
    public bool Restarts { get; set; }

    /// <summary>Raised whenever its planned end no longer holds.</summary>
    public int Version { get; set; }

    public bool Runs => Pool >= 0;

    /// <summary>What is left when it has to leave now.</summary>
    /// <param name="saves">Whether it has time to write a checkpoint; else what it did since its last one is lost.
    /// </param>
    public double LeftAt(long now, bool saves)
    {
        var worked = now - Working;
        var interval = (long)Class.Spec.Checkpoint.TotalSeconds;
        if (worked <= 0 || interval <= 0) return Left;
        var kept = saves ? worked : worked / interval * interval;
        return Math.Max(0, Left - kept * Rate);
    }
}

/// <summary>Tasks of a batch job that were placed together.</summary>
internal sealed class TaskGroup(WorkClass work, int pool, bool guest, int count)
{
    public WorkClass Class { get; } = work;
    public int Pool { get; } = pool;
    public bool Guest { get; } = guest;
    public int Count { get; set; } = count;

    /// <summary>Arrival of the job they belong to.</summary>
    public long Arrived { get; init; }

    /// <summary>When they were placed.</summary>
    public long Placed { get; init; }
}
