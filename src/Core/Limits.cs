namespace Stockpile.Core;

/// <summary>Bounds of scheduling and of what is scheduled, each with its unit in its name. Every other project has its
/// own.</summary>
public static class Limits
{
    /// <summary>Longest name, tenant, label, key or id, in characters.</summary>
    public const int NameCharsMax = 128;

    /// <summary>Most labels on one node or job.</summary>
    public const int LabelsMax = 16;

    /// <summary>Most models or tiers in one preference list.</summary>
    public const int AlternativesMax = 32;

    /// <summary>Most devices one node may have.</summary>
    public const int DevicesPerNodeMax = 16;

    /// <summary>Gangs and tasks that grow or move to a better model in one round.</summary>
    public const int MovesPerRoundMax = 16;

    /// <summary>Thousandths of a device: the whole of it.</summary>
    public const int MilliPerDevice = 1000;

    /// <summary>Most nodes one cell admits; more nodes want more cells.</summary>
    public const int NodesPerCellMax = 20_000;

    /// <summary>Largest gang a job may ask for, in devices.</summary>
    public const int GangDevicesMax = 100_000;

    /// <summary>Most tasks of a batch job or replicas of a service.</summary>
    public const int TasksPerJobMax = 10_000;

    /// <summary>Longest run time of one task or gang, in days of simulated time.</summary>
    public const int RunDaysMax = 3_650;

    /// <summary>Most jobs that may wait or run in one cell; beyond it a submission is refused with a 429.</summary>
    public const int ActiveJobsPerCellMax = 200_000;

    /// <summary>Finished jobs a cell still answers for from memory; older ones are in the journal.</summary>
    public const int FinishedJobsKeptPerCell = 50_000;

    /// <summary>How often a task may fail and start anew when its job does not say, as Kubernetes has it.</summary>
    public const int RetriesDefault = 6;

    /// <summary>Most times that a job may ask for.</summary>
    public const int RetriesMax = 1_000;

    /// <summary>Most ends of running work that one look ahead goes through; what lies beyond has no estimate.</summary>
    public const int StartStepsMax = 20_000;

    /// <summary>Most waiting jobs ahead of a job that its start estimate takes into account.</summary>
    public const int StartJobsMax = 64;

    /// <summary>Most waiting tasks of one job that a look ahead finds devices for.</summary>
    public const int StartTasksMax = 256;

    /// <summary>Most jobs of a class that one cycle looks through for a shorter one than its head.</summary>
    public const int BackfillScanMax = 64;

    /// <summary>Most running tasks that are looked at to find those that leave for a more urgent one.</summary>
    public const int PreemptionScanMax = 20_000;

    /// <summary>Gangs that a job remembers to have left for; its growing protection keeps them few.</summary>
    public const int PreemptorsKeptPerJob = 64;

    /// <summary>Most tasks of one job that are placed before the next job has its turn.</summary>
    public const int TasksPerTurnMax = 16;

    /// <summary>Most classes of waiting gangs whose start is estimated in one cycle.</summary>
    public const int ProspectsPerCycleMax = 16;

    /// <summary>Simulated time after which a class without an estimate is tried again though nothing was freed.
    /// </summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(5);

    /// <summary>At most every third node of a model rests at a time, but one always may.</summary>
    public const int RestingPartOfModel = 3;

    /// <summary>Most events of one round, so of one journal row.</summary>
    public const int EventsPerRoundMax = 1_024;

    /// <summary>Keys that one of the 64 key desks remembers, 2.1 million in all; the oldest are forgotten first.
    /// </summary>
    public const int KeysPerDeskMax = 32_768;

    /// <summary>Closed keys that a cell remembers; the oldest are forgotten first. A message that is older than so many
    /// later refusals is gone.</summary>
    public const int ClosedKeysKeptPerCell = 20_000;

    /// <summary>Most CPU of one node or task, in thousandths of a core.</summary>
    public const int CpuMilliMax = 100_000_000;

    /// <summary>Most memory of one node or task, in MiB (one PiB).</summary>
    public const long MemoryMiBMax = 1L << 30;

    /// <summary>Largest demand of a service, in requests per second.</summary>
    public const double RequestsPerSecondMax = 1e9;

    /// <summary>Most times that a day of the weekend may have the demand of a working day.</summary>
    public const int WeekendFactorMax = 100;

    /// <summary>Largest number of a model generation.</summary>
    public const int GenerationMax = 1_000_000;

    /// <summary>Shapes of nodes that a cell's status tells one by one; of a cell with more, models are told.</summary>
    public const int ShapesPerStatusMax = 64;

    /// <summary>Jobs that a router sends to one cell between two of its statuses before it prefers another that is as
    /// good.</summary>
    public const int SentPerStep = 16;

    /// <summary>How many parts an array gives tasks to, so that it uses so many other cells at once.</summary>
    public const int PartsPerJobMax = 16;

    /// <summary>How often one job goes to another cell: each move leaves a note in the cell that it left.</summary>
    public const int TransfersPerJobMax = 8;
}
