using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Tests.Routing;

/// <summary>A job that one cell can run is never refused by another.</summary>
public sealed class AcceptanceTests
{
    private const int Fleets = 40;
    private const int JobsPerFleet = 60;

    private static readonly string[] Models = ["H800", "A100", "L20", "T4"];
    private static readonly string[] Zones = ["", "a", "b"];

    /// <summary>
    /// Random fleets in 1 to 8 cells and random jobs: the cluster accepts exactly what one cell with all nodes would,
    /// but for gangs, which one of the cells must hold.
    /// </summary>
    [Fact]
    public void A_cluster_accepts_what_one_cell_with_all_nodes_would_accept()
    {
        int accepted = 0, refused = 0, keyed = 0, boundByCell = 0;
        for (var seed = 1; seed <= Fleets; seed++)
        {
            var random = new Random(seed);
            var cluster = new SmallCluster(transfers: false);
            var whole = new SmallCluster(transfers: false);
            var cells = random.Next(1, 9);
            var all = new List<NodeAdvert>();
            for (var cell = 0; cell < cells; cell++)
            {
                var nodes = RandomNodes(random, $"c{cell}");
                cluster.AddCell($"c{cell}", nodes);
                all.AddRange(nodes);
            }

            whole.AddCell("whole", [.. all]);
            cluster.Settle();
            for (var i = 0; i < JobsPerFleet; i++)
            {
                var spec = RandomJob(random);
                var key = random.Next(2) == 0 ? "" : $"key-{seed}-{i}";
                if (key.Length > 0) keyed++;
                var could = spec.Kind == JobKind.Training
                    ? Enumerable.Range(0, cells)
                        .Any(c => Feasibility.WhyNever(cluster.StateOf($"c{c}"), spec) is null)
                    : Feasibility.WhyNever(whole.StateOf("whole"), spec) is null;
                if (spec.Kind == JobKind.Training && !could
                    && Feasibility.WhyNever(whole.StateOf("whole"), spec) is null) boundByCell++;
                var result = cluster.Submit(spec, key);
                Assert.True(could == (result.Refusal is null),
                    $"seed {seed}, job {i}: could run {could}, and the answer is {result.Refusal?.Message ?? "yes"}");
                if (could) accepted++;
                else
                {
                    refused++;
                    Assert.Equal(Refusal.Unplaceable, result.Refusal!.Code);
                    Assert.DoesNotMatch(@"cell c\d", result.Refusal.Message);
                }
            }
        }

        Assert.True(accepted > 500 && refused > 200 && keyed > 500 && boundByCell > 10,
            $"{accepted} accepted, {refused} refused, {keyed} with keys, {boundByCell} gangs too large for each cell");
    }

    private static NodeAdvert[] RandomNodes(Random random, string cell) =>
        [.. Enumerable.Range(0, random.Next(1, 4)).SelectMany(g => SmallCluster.Nodes(
            $"{cell}-{g}", random.Next(1, 4), Models[random.Next(Models.Length)], random.Next(1, 9),
            new[] { 16, 64, 128 }[random.Next(3)], Zones[random.Next(3)]))];

    private static JobSpec RandomJob(Random random)
    {
        var spec = new JobSpec
        {
            Name = "job", Kind = (JobKind)random.Next(3),
            Models = random.Next(3) == 0 ? [] : [Models[random.Next(Models.Length)]],
            CpuMilli = new[] { 0, 4_000, 60_000, 100_000, 130_000 }[random.Next(5)],
            Labels = random.Next(3) == 0
                ? new Dictionary<string, string> { ["zone"] = Zones[random.Next(1, 3)] } : JobSpec.NoLabels,
        };
        return spec.Kind switch
        {
            JobKind.Training => spec with
            {
                Devices = random.Next(1, 33), WorkHours = 1, CpuMilli = spec.CpuMilli / 10,
                PerNode = 0, Checkpoint = TimeSpan.FromMinutes(10),
            },
            JobKind.Inference => spec with { MinReplicas = 1, MaxReplicas = 2, Devices = random.Next(1, 9) },
            _ => spec with
            {
                Tasks = random.Next(1, 4), Duration = TimeSpan.FromHours(1),
                Devices = random.Next(spec.CpuMilli > 0 ? 0 : 1, 9),
            },
        };
    }

    [Theory]
    [InlineData("")]
    [InlineData("key-")]
    public void A_label_that_one_cell_has_finds_it_every_time(string key)
    {
        var cluster = new SmallCluster();
        cluster.AddCell("east", SmallCluster.Nodes("e", 2, "L20", label: "a"));
        cluster.AddCell("west", SmallCluster.Nodes("w", 2, "L20", label: "b"));
        for (var i = 0; i < 10; i++)
        {
            var result = cluster.Submit(InZone("a"), key.Length > 0 ? key + i : "");
            Assert.Null(result.Refusal);
            Assert.Equal("east", result.Job.Cell);
        }

        var nowhere = cluster.Submit(InZone("c")).Refusal;
        Assert.Equal("labels", nowhere.Field);
        Assert.Contains("in any cell has the labels zone=c", nowhere.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_largest_on_different_nodes_is_not_taken_together()
    {
        var cluster = new SmallCluster();
        cluster.AddCell("east",
            [.. SmallCluster.Nodes("wide", 2, "L20", cpu: 16), .. SmallCluster.Nodes("strong", 1, "L20", devices: 1)]);
        cluster.AddCell("west", SmallCluster.Nodes("both", 2, "L20"));
        var both = new JobSpec
        {
            Name = "both", Kind = JobKind.Batch, Tiers = ["standard"], Tasks = 1, Devices = 8, CpuMilli = 100_000,
            Duration = TimeSpan.FromHours(1),
        };
        for (var i = 0; i < 6; i++) Assert.Equal("west", cluster.Submit(both, $"key-{i}").Job.Cell);
        var refusal = cluster.Submit(both with { CpuMilli = 130_000 }).Refusal;
        Assert.Equal("cpu", refusal.Field);
        Assert.Contains("130 cores", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("with 8 devices in any cell have at most 128", refusal.Message, StringComparison.Ordinal);
        var gang = SmallCluster.Gang() with { Tiers = ["standard"], CpuMilli = 12_000 };
        for (var i = 0; i < 6; i++) Assert.Equal("west", cluster.Submit(gang).Job.Cell);
    }

    [Fact]
    public void A_node_that_joined_after_the_last_status_is_found_before_a_job_is_refused()
    {
        var cluster = new SmallCluster();
        cluster.AddCell("east", SmallCluster.Nodes("e", 1, "L20"));
        Assert.NotNull(cluster.Submit(SmallCluster.Gang() with { Models = ["H800"] }).Refusal);
        cluster.AddNodes("east", SmallCluster.Nodes("h", 1, "H800"));
        Assert.Null(cluster.Submit(SmallCluster.Gang() with { Models = ["H800"] }, "key").Refusal);
    }

    [Fact]
    public void A_cell_that_does_not_answer_may_have_had_room_so_nothing_is_refused_for_good()
    {
        var cluster = new SmallCluster();
        cluster.AddCell("east", SmallCluster.Nodes("e", 1, "L20"));
        cluster.AddCell("west", SmallCluster.Nodes("w", 1, "L20"));
        cluster.Dead.Add("west");
        Assert.Equal(Refusal.Unavailable, cluster.Submit(SmallCluster.Gang()).Refusal?.Code);
    }

    [Fact]
    public void A_cell_that_comes_up_while_the_others_are_asked_was_not_asked_so_nothing_is_refused_for_good()
    {
        var cluster = new SmallCluster();
        cluster.AddCell("east", SmallCluster.Nodes("e", 1, "L20", label: "a"));
        cluster.AddCell("west", SmallCluster.Nodes("w", 1, "L20", label: "b"));
        cluster.Known.Hear(new CellDown { Cell = "west", Message = "cell west starts again", RetryAfterMs = 1_000 });
        // So much later nobody holds it for down any more.
        cluster.WhenAsked = () => cluster.Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(Refusal.Unavailable, cluster.Submit(InZone("b")).Refusal?.Code);
    }

    [Fact]
    public void A_cell_that_has_not_spoken_says_so_in_place_of_an_answer()
    {
        var cluster = new SmallCluster();
        cluster.AddCell("east", SmallCluster.Nodes("e", 1, "L20"));
        cluster.Known.Remember(["east", "west"]);
        var answers = cluster.AskAll(cell => new GetNode { Cell = cell, Node = "w-1" });
        Assert.Equal(Refusal.NotFound, Assert.Single(answers.OfType<NodeReply>()).Refusal.Code);
        Assert.Equal("cell west is starting", Assert.Single(answers.OfType<CellDown>()).Message);
    }

    [Fact]
    public void One_that_no_cell_could_run_withholds_the_others_and_names_itself()
    {
        var cluster = new SmallCluster();
        cluster.AddCell("east", SmallCluster.Nodes("e", 2, "L20", label: "a"));
        var (results, _) = cluster.Submit(
            SubmitMode.AllOrNothing, ("a", InZone("a")), ("b", InZone("c")), ("", InZone("a")));
        Assert.Equal(
            [Refusal.Withheld, Refusal.Unplaceable, Refusal.Withheld], results.Select(r => r.Refusal?.Code));
        Assert.Empty(cluster.StateOf("east").Jobs);
        Assert.Null(cluster.Submit(InZone("a"), "a").Refusal);
    }

    private static JobSpec InZone(string zone) => new()
    {
        Name = "zoned", Kind = JobKind.Batch, Tiers = ["standard"], Tasks = 1, Devices = 1,
        Duration = TimeSpan.FromHours(1), Labels = new Dictionary<string, string> { ["zone"] = zone },
    };
}
