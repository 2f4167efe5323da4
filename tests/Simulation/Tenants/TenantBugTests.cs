namespace Stockpile.Simulation.Tests.Tenants;

/// <summary>The test of the test: a mistake for each oracle, found within a few seeds.</summary>
[Trait("Suite", "release")]
public sealed class TenantBugTests
{
    private const int SeedsMax = 8;

    [Fact]
    public void A_tenant_that_may_not_borrow_is_found() =>
        Found(new NobodyBorrows(), TenantOracle.NothingStarves, first: 6);

    [Fact]
    public void Checkpoints_that_nobody_hears_of_are_found() =>
        Found(new CheckpointsUnheard(), TenantOracle.LittleIsLost, first: 2);

    [Fact]
    public void Forgotten_weights_are_found() => Found(new WeightsForgotten(), TenantOracle.HoursAreFair, first: 3);

    [Fact]
    public void A_node_whose_return_nobody_hears_is_found() => Found(new ReturnUnheard(), TenantOracle.NoRoomIsIdle);

    [Fact]
    public void A_start_that_moves_unsaid_is_found() => Found(new ToldForgotten(), TenantOracle.PromisesAreKept);

    [Fact]
    public void Forgotten_quotas_are_found() => Found(new QuotasForgotten(), TenantOracle.OwnersGetTheirs, first: 5);

    /// <param name="first">A seed of the kind of history that shows it; the next ones are tried too.</param>
    private static void Found(TenantBug bug, TenantOracle by, int first = 1)
    {
        for (var seed = first; seed < first + SeedsMax; seed++)
        {
            var result = TenantHistory.Of(seed, bug, until: by);
            if (!result.Violations.TryGetValue(by, out var violation)) continue;
            TestContext.Current.TestOutputHelper?.WriteLine($"{result.Figures}: {violation}");
            return;
        }

        Assert.Fail($"{bug.GetType().Name} was not found with {SeedsMax} seeds");
    }
}
