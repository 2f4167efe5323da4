namespace Stockpile.Protocol.Tests;

public sealed class SmokeTests
{
    [Fact]
    public void The_test_project_runs() => Assert.NotNull(typeof(SmokeTests).Assembly);
}
