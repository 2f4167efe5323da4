using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Sources;
using Stockpile.Formats.Traces;

namespace Stockpile.Formats.Tests;

public sealed class OpenbTraceTests
{
    private const string NodeHeader = "sn,cpu_milli,memory_mib,gpu,model\n";
    private const string PodHeader = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase," +
        "creation_time,deletion_time,scheduled_time\n";

    [Fact]
    public void The_published_nodes_become_a_fleet_of_fair_cells()
    {
        var fleet = FleetSource.Read("openb:" + Shipped.Openb("openb_node_list_gpu_node.csv"), Shipped.Catalog);
        Assert.Equal(1_213, fleet.Nodes.Count);
        Assert.Equal(6_212, fleet.Nodes.Sum(n => n.Devices));
        Assert.Equal(["openb-a", "openb-b", "openb-c"], fleet.Cells.Order());
        Assert.All(fleet.Nodes.GroupBy(n => n.Cell), cell => Assert.InRange(cell.Count(), 403, 406));
        var g2 = fleet.Nodes.Where(n => n.Model == "G2").GroupBy(n => n.Cell).Select(g => g.Count());
        Assert.All(g2, count => Assert.Equal(183, count));
    }

    [Fact]
    public void The_published_pods_become_jobs()
    {
        var jobs = JobSource.Read(
            "openb:" + Shipped.Openb("openb_pod_list_default.csv"), Shipped.Catalog, Shipped.Policy, 1).Jobs;
        Assert.Equal(8_152, jobs.Count);
        Assert.Equal(1_088, jobs.Count(j => j.Spec is { Devices: 0, ShareMilli: 0 }));
        Assert.Equal(3_078, jobs.Count(j => j.Spec.ShareMilli > 0));
        Assert.Equal(3_911, jobs.Count(j => j.Spec.Devices == 1));
        Assert.Equal(75, jobs.Count(j => j.Spec.Devices > 1));
        Assert.All(jobs, j => Assert.Empty(JobValidator.Validate(j.Spec, Shipped.Catalog, Shipped.Policy)));
        Assert.Equal(jobs.Select(j => j.Arrival).Order(), jobs.Select(j => j.Arrival));
    }

    [Fact]
    public void The_lists_with_models_and_without_times_are_read_too()
    {
        var withModels = OpenbTrace.ReadJobs(Shipped.Openb("openb_pod_list_gpuspec33.csv"), Shipped.Catalog);
        Assert.Equal(2_388, withModels.Count(j => j.Spec.Models.Count > 0));
        Assert.All(withModels, j => Assert.Empty(JobValidator.Validate(j.Spec, Shipped.Catalog, Shipped.Policy)));
        var noTimes = OpenbTrace.ReadJobs(Shipped.Openb("openb_pod_list_multigpu20.csv"));
        Assert.All(noTimes, j => Assert.Equal(OpenbTrace.DurationDefault, j.Spec.Duration));
        Assert.Equal(TimeSpan.FromSeconds(2), noTimes[2].Arrival);
    }

    [Fact]
    public void A_pod_keeps_its_shape_times_and_priority()
    {
        var jobs = OpenbTrace.ParseJobs(PodHeader +
            "a,1000,2048,1,460,V100M16|V100M32|V100M32,BE,Running,50,170,60\n" +
            "b,2000,4096,4,1000,,LS,Running,40,400,\n" +
            "c,3000,1024,0,0,,Guaranteed,Failed,60,60,60\n" +
            "d,3000,1024,1,1000,,Burstable,Failed,70,,\n");
        Assert.Equal(["b", "a", "c", "d"], jobs.Select(j => j.Spec.Name));
        var a = jobs[1].Spec;
        Assert.Equal(
            (460, 0, 1000, 2048L, 1, true),
            (a.ShareMilli, a.Devices, a.CpuMilli, a.MemoryMiB, a.Tasks, a.Guest));
        Assert.Equal(["V100M16", "V100M32"], a.Models);
        Assert.Empty(a.Tiers);
        Assert.Equal(TimeSpan.FromSeconds(110), a.Duration);
        var b = jobs[0].Spec;
        Assert.Equal((0, 4, TimeSpan.FromSeconds(360)), (b.ShareMilli, b.Devices, b.Duration));
        Assert.Equal(["basic", "standard", "advanced", "frontier"], b.Tiers);
        Assert.Equal(TimeSpan.FromSeconds(1), jobs[2].Spec.Duration);
        Assert.Equal(OpenbTrace.DurationDefault, jobs[3].Spec.Duration);
        Assert.Equal([Priority.Normal, Priority.Low, Priority.High, Priority.Low], jobs.Select(j => j.Spec.Priority));
    }

    [Theory]
    [InlineData("a,x,1,1,1000,,,,0,1,0", "p:2: key 'cpu_milli': 'x' is not a whole number; 0..100000000")]
    [InlineData("a,1,1,1,0,,,,0,1,0", "p:2: key 'gpu_milli': 0 is not allowed; 1..1000")]
    [InlineData("a,1,1,17,1000,,,,0,1,0", "p:2: key 'num_gpu': 17 is not allowed; 0..16")]
    [InlineData("a,1,1,2,500,,,,0,1,0", "p:2: key 'gpu_milli': 500 is not allowed with num_gpu 2")]
    [InlineData("a,1,1,1,1000,X1,,,0,1,0", "p:2: key 'gpu_spec': 'X1' is not a known model; H100")]
    [InlineData("a,1,1,1,1000,T4|,,,0,1,0", "p:2: key 'gpu_spec': '' is not a name")]
    [InlineData("a,1,1,1,1000,,,,-5,1,0", "p:2: key 'creation_time': -5 is not allowed")]
    [InlineData("a b,1,1,1,1000,,,,0,1,0", "p:2: key 'name': 'a b' is not a name")]
    [InlineData("a,1,1,1,1000,,,,0,1,0\n\nb,0,1,0,0,,,,0,1,0", "p:4: key 'cpu_milli': 0 is not allowed; 1..")]
    [InlineData("a,1,1", "p:2: is not well-formed CSV")]
    [InlineData("\"a,1,1,1,1000,,,,0,1,0", "p:2: is not well-formed CSV")]
    [InlineData("", "p:1: key 'name': the file has no pod")]
    public void A_bad_pod_is_refused_with_line_column_and_value(string rows, string message)
    {
        var error = Assert.Throws<InputException>(
            () => OpenbTrace.ParseJobs(PodHeader + rows, Shipped.Catalog, "p"));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData(NodeHeader + "n1,1,1,0,T4", "n:2: key 'gpu': 0 is not allowed; 1..16")]
    [InlineData(NodeHeader + "n1,1,1,1,T4\nn1,1,1,1,T4", "n:3: key 'sn': two nodes are named 'n1'")]
    [InlineData(NodeHeader + "n1,1,1,1,T9", "n:2: key 'model': 'T9' is not a known model")]
    [InlineData("sn,cpu_milli,memory_mib,gpu\n", "n:1: key 'model': the column is missing; needed: sn, cpu_milli")]
    [InlineData("sn,sn\n", "n:1: key 'sn': two columns have this name")]
    [InlineData("", "n:1: key 'sn': the column is missing")]
    public void A_bad_node_list_is_refused(string text, string message)
    {
        var error = Assert.Throws<InputException>(
            () => OpenbTrace.ParseNodes(text, catalog: Shipped.Catalog, file: "n"));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }
}
