namespace Stockpile.Hosting;

/// <summary>Bounds of access tokens, each with its unit in its name.</summary>
public static class HostingLimits
{
    /// <summary>Shortest access token, in characters.</summary>
    public const int HttpTokenCharsMin = 16;

    /// <summary>Longest access token, in characters.</summary>
    public const int HttpTokenCharsMax = 512;

    /// <summary>Most access tokens; each request is compared with all of them.</summary>
    public const int HttpTokensMax = 256;
}
