namespace Stockpile.Tests.Shared;

/// <summary>Which suite runs: <c>tests/fast.runsettings</c> says so in the environment.</summary>
internal static class Suite
{
    /// <summary>An answer in minutes is wanted, so what is random or long is smaller.</summary>
    public static bool IsFast { get; } = Environment.GetEnvironmentVariable("STOCKPILE_TESTS") == "fast";
}
