using Stockpile.Simulation.Tests.Faults;
using Stockpile.Simulation.Tests.Invariants;

namespace Stockpile.Simulation.Tests;

/// <summary>The test of the test: eleven mistakes that a scheduler may have, each found within a few seeds.</summary>
public sealed class PlantedBugTests
{
    private const int SeedsMax = 40;

    [Fact]
    public void An_acknowledgement_before_the_write_is_found() =>
        Found(() => new AcknowledgeBeforeDurable(), Invariant.AcknowledgedIsDurable);

    [Fact]
    public void A_missing_check_of_the_epoch_is_found() =>
        Found(() => new MissingEpochCheck(), Invariant.OldEpochIsRefused);

    [Fact]
    public void A_lost_requeue_is_found() =>
        Found(() => new LostRequeue(), Invariant.Converges, Invariant.AuditFindsNothing);

    [Fact]
    public void A_double_release_is_found() => Found(() => new DoubleRelease(), Invariant.CompletedWasDone);

    [Fact]
    public void A_forgotten_key_is_found() => Found(() => new ForgottenDedupe(), Invariant.OneJobPerKey);

    [Fact]
    public void An_order_that_reaches_another_node_is_found() =>
        Found(() => new WrongNode(), Invariant.AllocationOnOneNode);

    [Fact]
    public void A_job_that_ends_twice_is_found() => Found(() => new EndsAgain(), Invariant.CompletionCountedOnce);

    [Fact]
    public void A_key_desk_that_answers_before_the_write_is_found() =>
        Found(() => new BindBeforeDurable(), Invariant.AcknowledgedIsDurable);

    [Fact]
    public void A_known_key_that_is_bound_anew_is_found() => Found(() => new BoundAnew(), Invariant.OneBindingPerKey);

    [Fact]
    public void A_closed_key_that_is_taken_is_found() =>
        Found(() => new ClosedKeyTaken(), Invariant.OneBindingPerKey);

    [Fact]
    public void A_part_that_is_believed_done_is_found() =>
        Found(() => new PartBelievedDone(), Invariant.CompletionCountedOnce);

    private static void Found(Func<PlantedBug> plant, params Invariant[] by)
    {
        for (var seed = 1; seed <= SeedsMax; seed++)
        {
            if (SimulationRun.Of(seed, plant()) is not { Violation: { } violation } result) continue;
            Assert.True(by.Contains(violation.Invariant), result.Told);
            TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}, step {result.Steps}: {violation.Message}");
            return;
        }

        Assert.Fail($"{plant().GetType().Name} was not found with {SeedsMax} seeds");
    }
}
