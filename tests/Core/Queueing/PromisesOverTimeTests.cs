using Stockpile.Core.Explain;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Queueing;
using Stockpile.Core.Tests.Cells;
using Stockpile.Tests.Shared;

namespace Stockpile.Core.Tests.Queueing;

/// <summary>Days of overload in which every start that was told is met, or is said to have moved, with the reason.
/// </summary>
[Trait("Suite", "release")]
public sealed class PromisesOverTimeTests
{
    private static readonly KindPolicy Frontier = new(["frontier"], []);

    private static readonly Policy Shipped = new("promises", Frontier, Frontier, Frontier)
    {
        Backfill = BackfillPolicy.On,
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_promised_start_is_met_or_said_to_have_moved(int seed)
    {
        var load = new SteadyLoad(seed, RandomFleet.Catalog, Shipped, [("H800", 4)]);
        var random = new Random(seed);
        foreach (var tenant in new[] { "research", "products" })
            foreach (var spec in Mix(random))
                load.Add(new Arrivals(TimeSpan.FromHours(random.Next(3, 9)), spec with { Tenant = tenant }));
        var tally = new Tally("told", "promised", "met", "moved", "moved for a turn", "for an end", "for a node");
        var promises = new PromiseWatch(load,
            (why, before) => StartTold.Of(load.State, why, before, load.Now), outcome => tally.See(outcome));
        load.AfterRound = round =>
        {
            Assert.Null(promises.Look(round, each: 8, most: 4));
            // A node goes and comes back: what was promised on it is promised elsewhere, later.
            if (random.Next(400) == 0) load.Break("H800-0");
            else if (load.State.FindNode("H800-0")!.Lost && random.Next(40) == 0) load.Bring("H800", 0);
        };
        load.Run(TimeSpan.FromHours(300));
        tally.AssertAllSeen();
    }

    private static IEnumerable<JobSpec> Mix(Random random)
    {
        yield return TestCell.Gang(random.Next(1, 9)) with { WorkHours = 12, Checkpoint = TimeSpan.FromMinutes(10) };
        yield return TestCell.Gang(random.Next(9, 25)) with { WorkHours = 60, Checkpoint = TimeSpan.FromMinutes(10) };
        yield return TestCell.Gang(random.Next(2, 9), Priority.High) with { WorkHours = 8 };
        yield return TestCell.Tasks(random.Next(1, 3), tasks: 4);
    }
}
