namespace Stockpile.Core;

/// <summary>Every bound of the system in one place, with its unit in its name.</summary>
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
    public const int OutlookStepsMax = 20_000;

    /// <summary>Most waiting jobs ahead of a job that its start estimate takes into account.</summary>
    public const int OutlookJobsMax = 64;

    /// <summary>Most waiting tasks of one job that a look ahead finds devices for.</summary>
    public const int OutlookTasksMax = 256;

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

    /// <summary>Most commands one round takes from the inbox.</summary>
    public const int CommandsPerRoundMax = 512;

    /// <summary>Most commands that may wait for the next round of a cell; beyond it a 429.</summary>
    public const int InboxCommandsMax = 20_000;

    /// <summary>
    /// Most messages that wait while a cell recovers; beyond it whoever asks is told to come again, and what hosts and
    /// cells repeat by themselves is dropped.
    /// </summary>
    public const int RecoveryMessagesMax = 10_000;

    /// <summary>Most messages that wait in one process for shards that move; <c>buffer-size</c> of cluster.conf.
    /// </summary>
    public const int ShardBufferMessagesMax = 20_000;

    /// <summary>Most jobs in one submission message.</summary>
    public const int JobsPerSubmitMax = 500;

    /// <summary>Keys that one of the 64 key desks remembers, 2.1 million in all; the oldest are forgotten first.
    /// </summary>
    public const int KeysPerDeskMax = 32_768;

    /// <summary>Most keys in one message to a key gangs.</summary>
    public const int KeysPerMessageMax = 500;

    /// <summary>Most keys that one row of a key desk's journal binds; a message is never split.</summary>
    public const int KeysPerDeskRowMax = 2_048;

    /// <summary>Most messages that may wait for the next row of a key desk; beyond it a 429.</summary>
    public const int DeskInboxMessagesMax = 4_096;

    /// <summary>Closed keys that a cell remembers; the oldest are forgotten first. A message that is older than so many
    /// later refusals is gone.</summary>
    public const int ClosedKeysKeptPerCell = 20_000;

    /// <summary>Most key desks that a cell tells its keys of before there were desks at a time.</summary>
    public const int KeyMovesInFlightMax = 16;

    /// <summary>Most waiting jobs that a cell offers to other cells in one tick.</summary>
    public const int OffersPerTickMax = 64;

    /// <summary>Most node advertisements in one message.</summary>
    public const int AdvertsPerMessageMax = 500;

    /// <summary>Most work orders or work reports in one message.</summary>
    public const int OrdersPerMessageMax = 1_000;

    /// <summary>Largest job, fleet, policy or scenario file, in bytes.</summary>
    public const int FileBytesMax = 16 * 1024 * 1024;

    /// <summary>Largest body of an HTTP request, in bytes.</summary>
    public const int HttpBodyBytesMax = 4 * 1024 * 1024;

    /// <summary>Most submissions that one process has under way, from head to answer; beyond it a 429.</summary>
    public const int SubmissionsInFlightMax = 256;

    /// <summary>Most KiB of bodies of those; beyond it a 429.</summary>
    public const int SubmissionKiBInFlightMax = 32 * 1024;

    /// <summary>Most other requests of the API that one process has under way; beyond it a 429.</summary>
    public const int RequestsInFlightMax = 256;

    /// <summary>Most requests under way that read a whole journal: history, audit, the past; beyond it a 429.</summary>
    public const int JournalReadsInFlightMax = 4;

    /// <summary>Largest head of an HTTP request, in bytes.</summary>
    public const int HttpHeadersBytesMax = 16 * 1024;

    /// <summary>Most headers of an HTTP request.</summary>
    public const int HttpHeadersMax = 64;

    /// <summary>Longest first line of an HTTP request, in bytes.</summary>
    public const int HttpRequestLineBytesMax = 8 * 1024;

    /// <summary>Most connections that one process serves over HTTP; one more is closed at once.</summary>
    public const int HttpConnectionsMax = 1_024;

    /// <summary>Seconds that a client has for the head of its request.</summary>
    public const int HttpHeadersSecondsMax = 15;

    /// <summary>Seconds after which a connection without a request is closed.</summary>
    public const int HttpIdleSecondsMax = 120;

    /// <summary>Seconds after which a request that still has no answer gets a 504.</summary>
    public const int HttpAnswerSecondsMax = 60;

    /// <summary>The same for requests that read whole journals.</summary>
    public const int HttpJournalSecondsMax = 600;

    /// <summary>Shortest access token, in characters.</summary>
    public const int HttpTokenCharsMin = 16;

    /// <summary>Longest access token, in characters.</summary>
    public const int HttpTokenCharsMax = 512;

    /// <summary>Most access tokens; each request is compared with all of them.</summary>
    public const int HttpTokensMax = 256;

    /// <summary>Largest message between members, in bytes; <c>cluster.conf</c> says the same.</summary>
    public const int RemoteFrameBytesMax = 4 * 1024 * 1024;

    /// <summary>Bytes after which a reply with a list is full: far below a frame, and so little that a cell is not kept
    /// long by one page. One row more may be in it.</summary>
    public const int ReplyBytesMax = 1024 * 1024;

    /// <summary>Most bytes of jobs that a router sends to a cell in one message.</summary>
    public const int SubmitBytesMax = 2 * 1024 * 1024;

    /// <summary>Most nodes one fleet file may describe.</summary>
    public const int FleetNodesMax = 200_000;

    /// <summary>Most jobs one scenario or trace may hold.</summary>
    public const int ScenarioJobsMax = 1_000_000;

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

    /// <summary>Most rows of one list answer.</summary>
    public const int ListRowsMax = 20_000;

    /// <summary>Rows of a list answer when the request does not say.</summary>
    public const int ListRowsDefault = 1_000;

    /// <summary>Most open event streams of one process; beyond it a 429.</summary>
    public const int EventStreamsMax = 64;

    /// <summary>Longest request line of the inspector, in bytes.</summary>
    public const int InspectRequestBytesMax = 64 * 1024;

    /// <summary>Most words of one inspector command.</summary>
    public const int InspectWordsMax = 256;

    /// <summary>Most connections that one inspector serves at a time.</summary>
    public const int InspectConnectionsMax = 32;

    /// <summary>An inspector connection that says and runs nothing for so many minutes is closed.</summary>
    public const int InspectIdleMinutesMax = 30;

    /// <summary>A connection to the inspector that takes no answer for so many seconds is closed.</summary>
    public const int InspectWriteSecondsMax = 30;

    /// <summary>Nodes whose advertisements it refused that a cell shows to users.</summary>
    public const int RefusedNodesPerCellMax = 1_000;

    /// <summary>Lines that an interactive inspector remembers.</summary>
    public const int InspectHistoryLinesMax = 1_000;

    /// <summary>Most commands that one member runs for other members at a time.</summary>
    public const int InspectSessionsMax = 64;

    /// <summary>Longest line of an answer, in characters; longer ones are cut.</summary>
    public const int InspectLineCharsMax = 16 * 1024;

    /// <summary>Largest row of an answer as JSON, in characters; a larger one ends the command.</summary>
    public const int InspectRowCharsMax = 1024 * 1024;

    /// <summary>Most lines that one member sends another in one message.</summary>
    public const int InspectBatchLinesMax = 200;

    /// <summary>Most characters of text and JSON in such a message; a single row may be larger.</summary>
    public const int InspectBatchCharsMax = 256 * 1024;

    /// <summary>Most lines of an answer that wait for whoever reads it; beyond it the command waits.</summary>
    public const int InspectLinesWaitingMax = 1_000;

    /// <summary>Most lines kept of each member while <c>--member all</c> waits for those before it.</summary>
    public const int InspectLinesPerMemberMax = 20_000;

    /// <summary>Most paths that one member tells of its actors.</summary>
    public const int HierarchyPathsMax = 20_000;

    /// <summary>Most children of one actor in a hierarchy, unless the command says otherwise.</summary>
    public const int HierarchyChildrenDefault = 100;

    /// <summary>Log lines a member keeps in memory for <c>log peek</c>.</summary>
    public const int LogLinesKept = 2_000;

    /// <summary>Most log lines that wait for one reader of <c>log tail</c>; beyond it the oldest are dropped.</summary>
    public const int LogLinesWaitingMax = 1_000;

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
