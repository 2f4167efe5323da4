using Stockpile.Core;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Tests.Routing;

/// <summary>A key has no part in where its job goes, and a cell that does not answer delays only what must go there.
/// </summary>
public sealed class KeyedJobsTests
{
    private static SmallCluster Cluster(int cells)
    {
        var cluster = new SmallCluster();
        for (var i = 0; i < cells; i++) cluster.AddCell($"c{i}", SmallCluster.Nodes($"n{i}", 2, "H800"));
        return cluster;
    }

    [Theory]
    [InlineData(4)]
    [InlineData(100)]
    public void A_new_and_a_repeated_key_cost_two_questions_each_with_any_number_of_cells(int cells)
    {
        var cluster = Cluster(cells);
        var before = cluster.Asked;
        var first = cluster.Submit(SmallCluster.Gang(), "mine");
        Assert.Equal(2, cluster.Asked - before);
        var again = cluster.Submit(SmallCluster.Gang(), "mine");
        Assert.Equal(4, cluster.Asked - before);
        Assert.False(first.Repeated);
        Assert.True(again.Repeated);
        Assert.Equal(first.Job.Id, again.Job.Id);
    }

    [Fact]
    public void A_key_with_another_job_is_a_conflict_wherever_that_job_would_go()
    {
        var cluster = Cluster(4);
        cluster.Submit(SmallCluster.Gang(), "mine");
        for (var i = 0; i < 8; i++)
            Assert.Equal(Refusal.KeyConflict, cluster.Submit(SmallCluster.Gang(i + 1) with { Name = "x" }, "mine")
                .Refusal?.Code);
    }

    [Fact]
    public void While_one_cell_is_dead_new_keys_go_to_the_others_and_its_own_keys_wait()
    {
        var cluster = Cluster(4);
        var keys = Enumerable.Range(0, 8).Select(i => $"key-{i}").ToList();
        var homes = keys.ToDictionary(k => k, k => cluster.Submit(SmallCluster.Gang(), k).Job.Cell);
        cluster.Settle();
        cluster.Dead.Add("c1");
        cluster.Pass(TimeSpan.FromSeconds(8));
        Assert.Contains("c1", homes.Values);
        foreach (var (key, home) in homes)
            if (home == "c1")
                Assert.Throws<ClusterUnavailableException>(() => cluster.Submit(SmallCluster.Gang(), key));
            else
                Assert.True(cluster.Submit(SmallCluster.Gang(), key).Repeated);
        for (var i = 0; i < 20; i++)
        {
            Assert.NotEqual("c1", cluster.Submit(SmallCluster.Gang(), $"new-{i}").Job.Cell);
            Assert.NotEqual("c1", cluster.Submit(SmallCluster.Gang()).Job.Cell);
        }

        cluster.Dead.Clear();
        foreach (var key in keys) Assert.True(cluster.Submit(SmallCluster.Gang(), key).Repeated);
    }

    [Fact]
    public void A_cell_that_never_speaks_costs_one_look_into_the_journal_and_not_one_for_each_key()
    {
        var cluster = Cluster(4);
        cluster.Known.Remember(["c0", "c1", "c2", "c3", "stopped"]);
        cluster.Pass(TimeSpan.FromSeconds(12));
        cluster.Submit(SmallCluster.Gang(), "first");
        var before = cluster.Asked;
        for (var i = 0; i < 8; i++) cluster.Submit(SmallCluster.Gang(), $"key-{i}");
        Assert.Equal(1, cluster.FirstRowsRead);
        Assert.Equal(16, cluster.Asked - before);
    }

    [Theory]
    [InlineData("")]
    [InlineData("mine")]
    public void A_job_whose_first_answers_were_lost_is_one_job_and_new_to_its_submitter(string key)
    {
        var cluster = Cluster(4);
        cluster.LoseAnswers = 3;
        Assert.False(cluster.Submit(SmallCluster.Gang(), key).Repeated);
        Assert.Equal(1, Enumerable.Range(0, 4).Sum(i => cluster.StateOf($"c{i}").Jobs.Count));
        Assert.Equal(key.Length > 0, cluster.Submit(SmallCluster.Gang(), key).Repeated);
    }

    [Fact]
    public void A_key_whose_cell_could_not_run_its_job_after_all_goes_to_another_cell_and_has_one_job()
    {
        var cluster = new SmallCluster();
        // The rack is no part of a status, so the cells have to be asked.
        cluster.AddCell("plain", SmallCluster.Nodes("p", 4, "H800"));
        var racked = SmallCluster.Nodes("r", 1, "H800");
        racked[0].Labels.Add("rack", "r1");
        cluster.AddCell("racked", racked);
        var job = SmallCluster.Gang() with { Labels = new Dictionary<string, string> { ["rack"] = "r1" } };
        Assert.Equal("racked", cluster.Submit(job, "mine").Job.Cell);
        Assert.Equal("racked", cluster.Submit(job).Job.Cell);
        Assert.True(cluster.Submit(job, "mine").Repeated);
        Assert.Empty(cluster.StateOf("plain").Jobs);
    }

    [Fact]
    public void A_dry_run_binds_no_key()
    {
        var cluster = Cluster(2);
        var (results, _) = cluster.Submit(SubmitMode.DryRun, ("mine", SmallCluster.Gang()));
        Assert.NotNull(results[0].WhatIf);
        // The cell that was looked at has no room left, and nothing binds the key to it.
        var first = results[0].WhatIf.Job.Cell;
        for (var i = 0; i < 4; i++) cluster.Submit(SmallCluster.Gang() with { Name = $"other {i}" });
        Assert.Equal("pending", cluster.Submit(SmallCluster.Gang(), "mine").Job.State);
        Assert.NotEmpty(first);
    }
}
