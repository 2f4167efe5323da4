using Stockpile.Core.Jobs;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Tests.Routing;

/// <summary>The best chips train, in whichever cell they are: the order of alternatives holds between cells
/// too.</summary>
public sealed class BestTierTests
{
    private static SmallCluster TopAndMid(int h800 = 20, int a100 = 40)
    {
        var cluster = new SmallCluster();
        cluster.AddCell("top", SmallCluster.Nodes("h", h800, "H800"));
        cluster.AddCell("mid", SmallCluster.Nodes("a", a100, "A100"));
        return cluster;
    }

    private static long Used(SmallCluster cluster, string cell) =>
        cluster.StateOf(cell).Allocations.Values.Sum(a => (long)a.DeviceMilli) / 1000;

    [Theory]
    [InlineData("")]
    [InlineData("key-")]
    public void All_of_the_best_are_used_before_any_of_the_lesser_one_after_the_other(string key)
    {
        var cluster = TopAndMid();
        for (var i = 0; i < 30; i++)
        {
            var result = cluster.Submit(SmallCluster.Gang(), key.Length > 0 ? key + i : "");
            Assert.Equal(i < 20 ? "top" : "mid", result.Job.Cell);
            cluster.Settle();
        }

        Assert.Equal((160, 80), (Used(cluster, "top"), Used(cluster, "mid")));
    }

    [Theory]
    [InlineData(SubmitMode.Each, "")]
    [InlineData(SubmitMode.AllOrNothing, "")]
    [InlineData(SubmitMode.AllOrNothing, "key-")]
    public void So_are_those_of_one_request_although_no_status_comes_between(SubmitMode mode, string key)
    {
        var cluster = TopAndMid();
        var (results, failure) = cluster.Submit(mode,
            [.. Enumerable.Range(0, 30).Select(i => (key.Length > 0 ? key + i : "", SmallCluster.Gang()))]);
        Assert.Null(failure);
        Assert.Equal(20, results.Count(r => r.Job.Cell == "top"));
        Assert.Equal(10, results.Count(r => r.Job.Cell == "mid"));
        Assert.All(results, r => Assert.Equal("placed", r.Job.State));
    }

    [Fact]
    public void A_gang_that_fits_no_free_place_of_the_best_goes_to_the_next_and_does_not_wait()
    {
        var cluster = TopAndMid(h800: 2);
        Assert.Equal("mid", cluster.Submit(SmallCluster.Gang(24)).Job.Cell);
        Assert.Equal("top", cluster.Submit(SmallCluster.Gang(16)).Job.Cell);
    }

    [Fact]
    public void A_running_gang_moves_up_when_the_best_become_free_with_what_it_has_done()
    {
        var cluster = TopAndMid(h800: 1);
        cluster.Submit(SmallCluster.Gang());
        var lesser = cluster.Submit(SmallCluster.Gang()).Job;
        Assert.Equal("mid", lesser.Cell);
        cluster.Pass(TimeSpan.FromMinutes(20));
        Assert.Equal("mid", cluster.Find(lesser.Id).Cell);

        cluster.Cancel("top", 1);
        cluster.Pass(TimeSpan.FromMinutes(2));
        var moved = cluster.Find(lesser.Id);
        Assert.Equal(("top", "running", lesser.Id), (moved.Cell, moved.State, moved.Id));
        Assert.Equal(0.25, moved.Done, 3);
        Assert.Equal((8, 0), (Used(cluster, "top"), Used(cluster, "mid")));
        Assert.Equal(lesser.SubmittedAtMs, moved.SubmittedAtMs);
        Assert.True(moved.StartedAtMs <= lesser.SubmittedAtMs + 1000);
    }

    [Fact]
    public void It_stays_while_somebody_waits_for_the_best_who_comes_first()
    {
        var cluster = TopAndMid(h800: 1, a100: 1);
        cluster.Submit(SmallCluster.Gang());
        var lesser = cluster.Submit(SmallCluster.Gang()).Job;
        var waiting = cluster.Submit(SmallCluster.Gang()).Job;
        Assert.Equal("pending", waiting.State);
        cluster.Pass(TimeSpan.FromMinutes(20));
        cluster.Cancel("top", 1);
        cluster.Pass(TimeSpan.FromMinutes(2));
        Assert.Equal("top", cluster.Find(waiting.Id).Cell);
        Assert.Equal("running", cluster.Find(waiting.Id).State);
        Assert.Equal("mid", cluster.Find(lesser.Id).Cell);
    }

    [Fact]
    public void A_gang_that_has_just_started_or_has_no_checkpoints_stays_where_it_is()
    {
        var cluster = TopAndMid(h800: 1);
        cluster.Submit(SmallCluster.Gang());
        var young = cluster.Submit(SmallCluster.Gang()).Job;
        var bare = cluster.Submit(SmallCluster.Gang() with { Checkpoint = TimeSpan.Zero }).Job;
        cluster.Cancel("top", 1);
        cluster.Pass(TimeSpan.FromMinutes(5));
        Assert.Equal("mid", cluster.Find(young.Id).Cell);
        cluster.Pass(TimeSpan.FromMinutes(20));
        Assert.Equal("top", cluster.Find(young.Id).Cell);
        Assert.Equal("mid", cluster.Find(bare.Id).Cell);
    }

    [Fact]
    public void A_job_may_move_more_than_once_and_come_back_and_its_key_still_finds_it()
    {
        var cluster = new SmallCluster();
        cluster.AddCell("low", SmallCluster.Nodes("a", 1, "A100"));
        cluster.AddCell("top", SmallCluster.Nodes("h", 1, "H800"));
        cluster.Submit(SmallCluster.Gang());
        var job = cluster.Submit(SmallCluster.Gang(), "mine").Job;
        Assert.Equal("low", job.Cell);
        cluster.Pass(TimeSpan.FromMinutes(20));
        cluster.Cancel("top", 1);
        cluster.Pass(TimeSpan.FromMinutes(2));
        Assert.Equal("top", cluster.Find(job.Id).Cell);

        // A more urgent gang takes its place, and only where it came from has room.
        var urgent = cluster.Submit(SmallCluster.Gang() with { Priority = Priority.Critical, Models = ["H800"] }).Job;
        cluster.Pass(TimeSpan.FromHours(8), steps: 32);
        Assert.Equal("running", cluster.Find(urgent.Id).State);
        Assert.Equal(("low", "running"), (cluster.Find(job.Id).Cell, cluster.Find(job.Id).State));
        var again = cluster.Submit(SmallCluster.Gang(), "mine");
        Assert.True(again.Repeated);
        Assert.Equal((job.Id, "low"), (again.Job.Id, again.Job.Cell));
    }

    [Fact]
    public void A_service_is_at_home_where_it_can_be_and_a_guest_only_where_no_cell_is_its_home()
    {
        var cluster = new SmallCluster();
        cluster.AddCell("top", SmallCluster.Nodes("h", 20, "H800"));
        var service = new JobSpec
        {
            Name = "s", Kind = JobKind.Inference, MinReplicas = 1, MaxReplicas = 1, Devices = 1,
        };
        Assert.Equal("top", cluster.Submit(service).Job.Cell);
        cluster.AddCell("a10", SmallCluster.Nodes("s", 1, "A10"));
        Assert.Equal("a10", cluster.Submit(service).Job.Cell);
    }

    [Fact]
    public void A_service_goes_where_it_can_grow_and_not_where_others_will()
    {
        var cluster = new SmallCluster();
        // T4 comes first, and by their demand of now the services of east leave most of it idle.
        cluster.AddCell("east", [.. SmallCluster.Nodes("t", 1, "T4"), .. SmallCluster.Nodes("a", 1, "A100")]);
        cluster.AddCell("west", SmallCluster.Nodes("l", 4, "L20"));
        var service = new JobSpec
        {
            Name = "s", Kind = JobKind.Inference, MinReplicas = 1, MaxReplicas = 8, Devices = 1,
            Demand = new Demand(1, 1_000, PeakHour: 12),
        };
        Assert.Equal("east", cluster.Submit(service).Job.Cell);
        cluster.Settle();
        Assert.Equal("west", cluster.Submit(service).Job.Cell);
    }

    [Fact]
    public void A_burst_does_not_pile_onto_one_cell()
    {
        var cluster = new SmallCluster(transfers: false);
        for (var i = 0; i < 8; i++) cluster.AddCell($"c{i}", SmallCluster.Nodes($"n{i}", 64, "H800"));
        for (var i = 0; i < 1_000; i++) cluster.Submit(SmallCluster.Gang(2));
        for (var i = 0; i < 8; i++)
        {
            // 1,000 gangs of 2 fill half of the nodes; no status has told of any of them.
            Assert.Equal(0, cluster.StateOf($"c{i}").Queue.Count(JobKind.Training));
            Assert.InRange(Used(cluster, $"c{i}"), 240, 260);
        }
    }
}
