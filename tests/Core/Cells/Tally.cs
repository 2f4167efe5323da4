namespace Stockpile.Core.Tests.Cells;

/// <summary>
/// Counts what a property has seen. A property that never saw one of its outcomes has proved less than its name says,
/// so it fails then too.
/// </summary>
public sealed class Tally(params string[] outcomes)
{
    private readonly Dictionary<string, long> _seen = outcomes.ToDictionary(o => o, _ => 0L);

    public void See(string outcome, long times = 1) => _seen[outcome] += times;

    /// <summary>Counts what another one with the same outcomes has seen.</summary>
    public void Add(Tally other)
    {
        foreach (var (outcome, times) in other._seen) See(outcome, times);
    }

    public void AssertAllSeen()
    {
        var counts = string.Join(", ", _seen.Select(s => $"{s.Key} {s.Value}"));
        Assert.True(_seen.Values.All(times => times > 0), $"not every outcome was reached: {counts}");
        TestContext.Current.TestOutputHelper?.WriteLine(counts);
    }
}
