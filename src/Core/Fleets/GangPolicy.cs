namespace Stockpile.Core.Fleets;

/// <summary>How gangs run, and how running work changes its place: <c>policy.conf</c>, section <c>gangs</c>.</summary>
public sealed record GangPolicy
{
    public static readonly GangPolicy Default = new();

    /// <summary>What a move costs: loading the checkpoint and joining again, in simulated time.</summary>
    public TimeSpan Restart { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Bandwidth between nodes for each device, one direction, in GB/s: one 400 Gb/s adapter per device, as in NVIDIA's
    /// DGX H100 datasheet.
    /// </summary>
    public double NetworkGBps { get; init; } = 50;

    /// <summary>Tokens that each device works through between two all-reduces of the gradients.</summary>
    public double StepTokens { get; init; } = 32_768;
}
