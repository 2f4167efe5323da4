namespace Stockpile.Inspect;

/// <summary>Bounds of the inspector, each with its unit in its name.</summary>
public static class InspectLimits
{
    /// <summary>Longest request line of the inspector, in bytes.</summary>
    public const int RequestBytesMax = 64 * 1024;

    /// <summary>Most words of one inspector command.</summary>
    public const int WordsMax = 256;

    /// <summary>Most connections that one inspector serves at a time.</summary>
    public const int ConnectionsMax = 32;

    /// <summary>A connection to the inspector that takes no answer for so many seconds is closed.</summary>
    public const int WriteSecondsMax = 30;

    /// <summary>Lines that an interactive inspector remembers.</summary>
    public const int HistoryLinesMax = 1_000;

    /// <summary>Most commands that one member runs for other members at a time.</summary>
    public const int SessionsMax = 64;

    /// <summary>Longest line of an answer, in characters; longer ones are cut.</summary>
    public const int LineCharsMax = 16 * 1024;

    /// <summary>Largest row of an answer as JSON, in characters; a larger one ends the command.</summary>
    public const int RowCharsMax = 1024 * 1024;

    /// <summary>Most lines that one member sends another in one message.</summary>
    public const int BatchLinesMax = 200;

    /// <summary>Most characters of text and JSON in such a message; a single row may be larger.</summary>
    public const int BatchCharsMax = 256 * 1024;

    /// <summary>Most lines of an answer that wait for whoever reads it; beyond it the command waits.</summary>
    public const int LinesWaitingMax = 1_000;

    /// <summary>Most lines kept of each member while <c>--member all</c> waits for those before it.</summary>
    public const int LinesPerMemberMax = 20_000;

    /// <summary>Most paths that one member tells of its actors.</summary>
    public const int HierarchyPathsMax = 20_000;

    /// <summary>Most children of one actor in a hierarchy, unless the command says otherwise.</summary>
    public const int HierarchyChildrenDefault = 100;

    /// <summary>Log lines a member keeps in memory for <c>log peek</c>.</summary>
    public const int LogLinesKept = 2_000;

    /// <summary>Most log lines that wait for one reader of <c>log tail</c>; beyond it the oldest are dropped.</summary>
    public const int LogLinesWaitingMax = 1_000;
}
