using Stockpile.Protocol.Serialization;

namespace Stockpile.Fuzz.Tests;

public sealed class CasesTests
{
    [Fact]
    public void There_are_at_least_a_hundred_thousand_cases() =>
        Assert.InRange(Cases.Total(WireTypes.All.Count()), 100_000, int.MaxValue);
}
