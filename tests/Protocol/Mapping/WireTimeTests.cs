using Stockpile.Protocol.Mapping;

namespace Stockpile.Protocol.Tests.Mapping;

public sealed class WireTimeTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, 123, TimeSpan.Zero);

    [Fact]
    public void An_instant_of_whole_milliseconds_comes_back() => Assert.Equal(Noon, WireTime.Instant(Noon.ToWireMs()));

    [Fact]
    public void An_instant_of_another_offset_comes_back_as_utc() =>
        Assert.Equal(TimeSpan.Zero, WireTime.Instant(Noon.ToOffset(TimeSpan.FromHours(8)).ToWireMs()).Offset);

    [Fact]
    public void No_instant_is_zero()
    {
        Assert.Equal(0, ((DateTimeOffset?)null).ToWireMs());
        Assert.Null(WireTime.InstantOrNone(0));
        Assert.Equal(Noon, WireTime.InstantOrNone(((DateTimeOffset?)Noon).ToWireMs()));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(-1, -1)]
    [InlineData(14_999, 1)]
    [InlineData(15_000, 2)]
    [InlineData(-14_999, -1)]
    [InlineData(-15_000, -2)]
    [InlineData(long.MaxValue, 922_337_203_685_478)]
    public void A_duration_is_rounded_but_never_to_nothing(long ticks, long ms) =>
        Assert.Equal(ms, TimeSpan.FromTicks(ticks).ToWireMs());

    [Fact]
    public void A_duration_of_whole_milliseconds_comes_back() =>
        Assert.Equal(TimeSpan.FromDays(3_650), WireTime.Duration(TimeSpan.FromDays(3_650).ToWireMs()));
}
