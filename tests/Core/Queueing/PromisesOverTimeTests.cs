using Stockpile.Core.Cells;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Tests.Cells;

namespace Stockpile.Core.Tests.Queueing;

/// <summary>Days of overload in which every start that was told is met, or is said to have moved, with the reason.
/// </summary>
public sealed class PromisesOverTimeTests
{
    private static readonly KindPolicy Frontier = new(["frontier"], []);

    private static readonly Policy Shipped = new("promises", Frontier, Frontier, Frontier)
    {
        Backfill = BackfillPolicy.On,
    };

    /// <summary>A cycle looks at least so often.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromMinutes(6);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_promised_start_is_met_or_said_to_have_moved(int seed)
    {
        var load = new SteadyLoad(seed, Shipped, [("H800", 4)]);
        var random = new Random(seed);
        foreach (var tenant in new[] { "research", "products" })
            foreach (var spec in Mix(random))
                load.Add(new Stream(TimeSpan.FromHours(random.Next(3, 9)), spec with { Tenant = tenant }));
        var told = new Dictionary<long, StartTold>();
        var held = new HashSet<long>();
        var tally = new Tally("told", "promised", "met", "moved", "moved for a turn", "for an end", "for a node");
        load.AfterRound = round =>
        {
            foreach (var placed in round.Events.OfType<JobPlaced>())
                if (told.Remove(placed.Job, out var last))
                {
                    // There was room at once, and something else kept it: the answer said what.
                    Assert.True(round.At <= last.Start + Beat || held.Contains(placed.Job),
                        $"{placed.Job} starts {round.At} and was told {last}");
                    tally.See("met");
                }

            // An answer costs a look at all that runs and waits, so a few are asked for, again and again.
            foreach (var job in load.State.Jobs.Values.Where(j => j.Waits && j.Number % 8 == 0).Take(4).ToList())
            {
                var why = Explainer.ExplainFully(load.State, job, load.Now);
                var before = told.GetValueOrDefault(job.Number);
                var now = StartTold.Of(load.State, why, before, load.Now);
                if (now is null) continue;
                told[job.Number] = now;
                if (now.Start <= load.Now && why.Tried?.Outcome == CycleOutcome.HeldBack) held.Add(job.Number);
                else held.Remove(job.Number);
                tally.See(why.Reservation is null ? "told" : "promised");
                if (before is null || now.Start <= before.Start + Beat) continue;
                Assert.True(now.Moved?.At == load.Now, $"{job.Number}: {before}, {now}");
                var moved = now.Moved;
                tally.See("moved");
                if (moved.Because.Contains("turn", StringComparison.Ordinal)) tally.See("moved for a turn");
                if (moved.Because.Contains("ends later", StringComparison.Ordinal)) tally.See("for an end");
                if (moved.Because.Contains("fewer", StringComparison.Ordinal)) tally.See("for a node");
            }

            // A node goes and comes back: what was promised on it is promised elsewhere, later.
            if (random.Next(400) == 0) load.Send(new LoseNode("H800-0", 0, "test"));
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
