using Microsoft.Extensions.Time.Testing;
using Stockpile.Hosting.Data;
using Stockpile.Hosting.Postgres;
using Stockpile.Tests.Shared;

namespace Stockpile.Hosting.Tests.Postgres;

/// <summary>One simulated time for all processes of a database, at any speed, over any restart.</summary>
public sealed class PostgresClockTests
{
    private static readonly DateTimeOffset SimulatedStart = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _real =
        new(new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.FromHours(2)).AddTicks(7));

    private readonly string _database = PostgresServer.Get().CreateDatabase();

    [Fact]
    public async Task Processes_that_start_one_after_another_agree_on_the_time_and_so_does_a_later_run()
    {
        var first = await OpenAsync(60, SimulatedStart);
        _real.Advance(TimeSpan.FromMinutes(1));
        var second = await OpenAsync(60, simulatedStart: null);

        Assert.Equal(first.GetUtcNow(), second.GetUtcNow());
        Assert.Equal((first.RealStart, first.SimulatedStart, first.Speed),
            (second.RealStart, second.SimulatedStart, second.Speed));
        // The anchor is kept in whole microseconds; a tenth of one is seven ticks at most, times the speed.
        Assert.InRange(second.GetUtcNow() - SimulatedStart, TimeSpan.FromHours(1),
            TimeSpan.FromHours(1) + TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task Another_speed_goes_on_from_the_simulated_time_of_the_moment_and_never_back()
    {
        var slow = await OpenAsync(60, SimulatedStart);
        _real.Advance(TimeSpan.FromMinutes(1).Add(TimeSpan.FromTicks(3)));
        var before = slow.GetUtcNow();

        var fast = await OpenAsync(2_400, SimulatedStart);

        Assert.InRange(fast.GetUtcNow() - before, TimeSpan.Zero, TimeSpan.FromMilliseconds(10));
        Assert.Equal(2_400, fast.Speed);
        _real.Advance(TimeSpan.FromHours(1));
        Assert.Equal(fast.GetUtcNow(), (await OpenAsync(2_400, null)).GetUtcNow());
        Assert.Equal(1L, PostgresServer.Execute(_database, "SELECT count(*) FROM stockpile_clock"));
    }

    [Fact]
    public async Task A_new_database_without_a_start_begins_at_the_real_time()
    {
        var clock = await OpenAsync(1, simulatedStart: null);
        Assert.InRange(clock.GetUtcNow() - _real.GetUtcNow(), TimeSpan.Zero, TimeSpan.FromMicroseconds(2));
    }

    [Fact]
    public async Task Many_that_start_at_once_get_the_same_anchor()
    {
        await PostgresSchema.EnsureAsync(_database, createTables: true, TestContext.Current.CancellationToken);
        var clocks = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
            PostgresClock.OpenAsync(_database, 60, SimulatedStart.AddDays(i), new FakeTimeProvider(
                _real.GetUtcNow().AddMinutes(i)), TestContext.Current.CancellationToken))));
        Assert.Single(clocks.Select(c => (c.RealStart, c.SimulatedStart, c.Speed)).Distinct());
    }

    [Fact]
    public async Task A_database_without_the_table_is_one_line()
    {
        var fault = await Assert.ThrowsAsync<PostgresStoreException>(() => PostgresClock.OpenAsync(
            _database, 60, null, _real, TestContext.Current.CancellationToken));
        Assert.Contains("stockpile_clock", fault.Message, StringComparison.Ordinal);
    }

    private async Task<ScaledTimeProvider> OpenAsync(double speed, DateTimeOffset? simulatedStart)
    {
        var cancel = TestContext.Current.CancellationToken;
        await PostgresSchema.EnsureAsync(_database, createTables: true, cancel);
        return await PostgresClock.OpenAsync(_database, speed, simulatedStart, _real, cancel);
    }
}
