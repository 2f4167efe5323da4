namespace Stockpile.Core.Fleets;

/// <summary>How gangs run, and how running work changes its place: <c>policy.conf</c>, section <c>gangs</c>.</summary>
public sealed record GangPolicy
{
    public static readonly GangPolicy Default = new();

    /// <summary>What a move costs: loading the checkpoint and joining again, in simulated time.</summary>
    public TimeSpan Restart { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>A gang or task that was placed so short a time ago stays as it is. Simulated time.</summary>
    public TimeSpan ResizeInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many times sooner what is left has to end elsewhere for a move to a better model.</summary>
    public double MigrateGain { get; init; } = 1.3;

    /// <summary>
    /// Bandwidth between nodes for each device, one direction, in GB/s: one 400 Gb/s adapter per device, as in NVIDIA's
    /// DGX H100 datasheet.
    /// </summary>
    public double NetworkGBps { get; init; } = 50;

    /// <summary>Tokens that each device works through between two all-reduces of the gradients; 0: links do not
    /// count.</summary>
    public double StepTokens { get; init; } = 32_768;
}
