namespace Stockpile.Protocol;

/// <summary>Bounds of messages between members, each with its unit in its name.</summary>
public static class WireLimits
{
    /// <summary>Most node advertisements in one message.</summary>
    public const int AdvertsPerMessageMax = 500;

    /// <summary>Most work orders or work reports in one message.</summary>
    public const int OrdersPerMessageMax = 1_000;

    /// <summary>Largest message between members, in bytes; <c>cluster.conf</c> says the same.</summary>
    public const int RemoteFrameBytesMax = 4 * 1024 * 1024;

    /// <summary>Bytes after which a reply with a list is full: far below a frame, and so little that a cell is not kept
    /// long by one page. One row more may be in it.</summary>
    public const int ReplyBytesMax = 1024 * 1024;
}
