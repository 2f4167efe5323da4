using Microsoft.Extensions.Time.Testing;
using Stockpile.Scheduler.Owners;

namespace Stockpile.Scheduler.Tests.Cells;

public sealed class BackoffTests
{
    private readonly FakeTimeProvider _real = new();

    private Backoff New() => new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), _real);

    [Fact]
    public void Rests_grow_up_to_a_bound()
    {
        var backoff = New();
        Assert.Equal([1, 2, 4, 8, 16, 30, 30, 30], Enumerable.Range(0, 8).Select(_ => backoff.Failed().TotalSeconds));
        for (var i = 0; i < 100_000; i++) Assert.Equal(30, backoff.Failed().TotalSeconds);
    }

    [Fact]
    public void A_cell_that_served_for_long_enough_starts_again_from_the_shortest_rest()
    {
        var backoff = New();
        for (var i = 0; i < 4; i++) backoff.Failed();
        backoff.Serves();
        _real.Advance(TimeSpan.FromSeconds(30));
        // It says so more than once; the first time counts.
        backoff.Serves();
        Assert.Equal(1, backoff.Failed().TotalSeconds);
        Assert.Equal(1, backoff.Failures);
    }

    [Fact]
    public void A_cell_that_recovers_only_to_fail_again_does_not()
    {
        var backoff = New();
        Assert.Equal(1, backoff.Failed().TotalSeconds);
        foreach (var seconds in new[] { 2, 4, 8 })
        {
            backoff.Serves();
            _real.Advance(TimeSpan.FromSeconds(29));
            Assert.Equal(seconds, backoff.Failed().TotalSeconds);
        }
    }
}
