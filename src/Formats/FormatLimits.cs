namespace Stockpile.Formats;

/// <summary>Bounds of files, each with its unit in its name.</summary>
public static class FormatLimits
{
    /// <summary>Largest job, fleet, policy or scenario file, in bytes.</summary>
    public const int FileBytesMax = 16 * 1024 * 1024;

    /// <summary>Most nodes one fleet file may describe.</summary>
    public const int FleetNodesMax = 200_000;

    /// <summary>Most jobs one scenario or trace may hold.</summary>
    public const int ScenarioJobsMax = 1_000_000;
}
