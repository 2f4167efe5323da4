namespace Stockpile.Lab;

/// <summary>Percentiles by nearest rank.</summary>
internal static class NearestRank
{
    /// <param name="sorted">Ascending, at least one value.</param>
    /// <param name="share">Above 0 and at most 1; 0.99 is the 99th percentile.</param>
    public static double Of(IReadOnlyList<double> sorted, double share) =>
        sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Count - 1e-9) - 1)];
}
