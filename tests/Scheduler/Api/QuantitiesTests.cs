using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Scheduler.Tests.Api;

public sealed class QuantitiesTests
{
    [Theory]
    [InlineData("90s", 90_000)]
    [InlineData("30m", 1_800_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("1.5 h", 5_400_000)]
    [InlineData("250ms", 250)]
    [InlineData("3d", 259_200_000)]
    [InlineData("0s", 0)]
    public void A_duration_is_read(string text, long milliseconds)
    {
        Assert.True(Quantities.TryParseDuration(text, out var duration));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), duration);
        Assert.True(Quantities.TryParseDuration(Quantities.Format(duration), out var again));
        Assert.Equal(duration, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("h")]
    [InlineData("2")]
    [InlineData("-2h")]
    [InlineData("2 weeks")]
    [InlineData("1e9d")]
    [InlineData("99999999999999999999d")]
    [InlineData(null)]
    public void What_is_no_duration_is_refused(string? text) => Assert.False(Quantities.TryParseDuration(text, out _));

    [Theory]
    [InlineData("20GiB", 20_480)]
    [InlineData("1.5 TiB", 1_572_864)]
    [InlineData("20GB", 19_073)]
    [InlineData("512MiB", 512)]
    [InlineData("2048KiB", 2)]
    [InlineData("512", 512)]
    public void A_size_is_read_as_mebibytes(string text, long mebibytes)
    {
        Assert.True(Quantities.TryParseMemory(text, out var size));
        Assert.Equal(mebibytes, size);
    }

    [Theory]
    [InlineData("20gib")]
    [InlineData("-5GiB")]
    [InlineData("GiB")]
    [InlineData("1e9TiB")]
    [InlineData("NaNGiB")]
    public void What_is_no_size_is_refused(string text) => Assert.False(Quantities.TryParseMemory(text, out _));
}
