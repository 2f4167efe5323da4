namespace Stockpile.Layers.Tests;

public sealed class LayerTests
{
    [Theory]
    [InlineData("Stockpile.Core")]
    [InlineData("Stockpile.Protocol")]
    [InlineData("Stockpile.Formats")]
    [InlineData("Stockpile.Node")]
    [InlineData("Stockpile.Hosting")]
    [InlineData("Stockpile.Scheduler")]
    [InlineData("Stockpile.Inspect")]
    [InlineData("Stockpile.Lab")]
    [InlineData("Stockpile.Cli")]
    public void Print(string project)
    {
        var edges = Uses.Of(project).GroupBy(u => (u.From, u.To))
            .Select(g => $"{g.Key.From} -> {g.Key.To}: {g.Select(u => u.User).Distinct().Count()} types, e.g. "
                + string.Join(", ", g.Take(6).Select(u => $"{u.User}>{u.Used}")));
        Assert.Fail(project + "\n" + string.Join('\n', edges));
    }
}
