namespace Stockpile.Lab.Reserve;

/// <summary>A distribution over runs; nearest rank.</summary>
public sealed record Quantiles(double P10, double P50, double P90, double Mean)
{
    /// <summary>Of values in any order; all zero for none.</summary>
    public static Quantiles Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        if (sorted.Count == 0) return new Quantiles(0, 0, 0, 0);
        return new Quantiles(
            NearestRank.Of(sorted, 0.1), NearestRank.Of(sorted, 0.5), NearestRank.Of(sorted, 0.9), sorted.Average());
    }
}
