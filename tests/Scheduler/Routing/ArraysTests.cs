using Stockpile.Core.Jobs;

namespace Stockpile.Scheduler.Tests.Routing;

/// <summary>An array that has begun goes on in other cells, and uses several at once.</summary>
public sealed class ArraysTests
{
    private static JobSpec Array(int tasks) => new()
    {
        Name = "array", Kind = JobKind.Batch, Tasks = tasks, Devices = 1, Models = ["T4"],
        Duration = TimeSpan.FromMinutes(30),
    };

    /// <summary>An array of 24 of which 4 run in the only cell that there was.</summary>
    private static SmallCluster Begun()
    {
        var cluster = new SmallCluster();
        cluster.AddCell("east", SmallCluster.Nodes("e", 1, "T4", devices: 4));
        Assert.Equal("east-1", cluster.Submit(Array(24)).Job.Id);
        cluster.Settle();
        return cluster;
    }

    private static int Held(SmallCluster cluster, string cell) => cluster.StateOf(cell).Allocations.Count;

    [Fact]
    public void It_uses_the_room_of_other_cells_while_it_runs_in_its_own()
    {
        var cluster = Begun();
        cluster.AddCell("west", SmallCluster.Nodes("w", 1, "T4", devices: 4));
        cluster.AddCell("north", SmallCluster.Nodes("n", 1, "T4", devices: 4));
        cluster.Pass(TimeSpan.FromMinutes(1), steps: 30);
        Assert.Equal((4, 4, 4), (Held(cluster, "east"), Held(cluster, "west"), Held(cluster, "north")));
        Assert.NotEmpty(cluster.Find("east-1").Parts);

        for (var i = 0; i < 12; i++)
        {
            foreach (var cell in new[] { "east", "west", "north" }) cluster.Complete(cell);
            cluster.Pass(TimeSpan.FromMinutes(1), steps: 30);
        }

        var array = cluster.Find("east-1");
        Assert.Equal(("completed", 24, 1.0), (array.State, array.TasksDone, array.Done));
        Assert.All(array.Parts, part => Assert.Equal(("completed", "east-1"),
            (cluster.Find(part).State, cluster.Find(part).PartOf)));
    }

    [Fact]
    public void The_rest_of_it_runs_in_another_cell_when_its_own_has_no_node_left()
    {
        var cluster = Begun();
        cluster.Complete("east");
        cluster.LoseNode("east", "e-1");
        Assert.Equal(("pending", 4), (cluster.Find("east-1").State, cluster.Find("east-1").TasksDone));
        cluster.AddCell("west", SmallCluster.Nodes("w", 1, "T4", devices: 4));
        for (var i = 0; i < 12; i++)
        {
            cluster.Pass(TimeSpan.FromMinutes(1), steps: 30);
            cluster.Complete("west");
        }

        cluster.Pass(TimeSpan.FromMinutes(1), steps: 30);
        Assert.Equal(("completed", 24), (cluster.Find("east-1").State, cluster.Find("east-1").TasksDone));
    }

    [Fact]
    public void Who_cancels_it_cancels_its_parts()
    {
        var cluster = Begun();
        cluster.AddCell("west", SmallCluster.Nodes("w", 1, "T4", devices: 4));
        cluster.Pass(TimeSpan.FromMinutes(1), steps: 30);
        cluster.Cancel("east", 1);
        cluster.Pass(TimeSpan.FromMinutes(1), steps: 30);
        Assert.Equal((0, 0), (Held(cluster, "east"), Held(cluster, "west")));
        Assert.Empty(cluster.StateOf("east").OpenParts);
        Assert.All(cluster.Find("east-1").Parts, part => Assert.Equal("cancelled", cluster.Find(part).State));
    }
}
