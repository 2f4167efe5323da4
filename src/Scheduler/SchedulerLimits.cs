namespace Stockpile.Scheduler;

/// <summary>Bounds of cells, key desks, the router and the HTTP API, each with its unit in its name.</summary>
public static class SchedulerLimits
{
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

    /// <summary>Most keys in one message to a key desk.</summary>
    public const int KeysPerMessageMax = 500;

    /// <summary>Most keys that one row of a key desk's journal binds; a message is never split.</summary>
    public const int KeysPerDeskRowMax = 2_048;

    /// <summary>Most messages that may wait for the next row of a key desk; beyond it a 429.</summary>
    public const int DeskInboxMessagesMax = 4_096;

    /// <summary>Most key desks that a cell tells its keys of before there were desks at a time.</summary>
    public const int KeyMovesInFlightMax = 16;

    /// <summary>Most waiting jobs that a cell offers to other cells in one tick.</summary>
    public const int OffersPerTickMax = 64;

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

    /// <summary>Most bytes of jobs that a router sends to a cell in one message.</summary>
    public const int SubmitBytesMax = 2 * 1024 * 1024;

    /// <summary>Most rows of one list answer.</summary>
    public const int ListRowsMax = 20_000;

    /// <summary>Rows of a list answer when the request does not say.</summary>
    public const int ListRowsDefault = 1_000;

    /// <summary>Most open event streams of one process; beyond it a 429.</summary>
    public const int EventStreamsMax = 64;

    /// <summary>Nodes whose advertisements it refused that a cell shows to users.</summary>
    public const int RefusedNodesPerCellMax = 1_000;
}
