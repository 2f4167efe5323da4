namespace Stockpile.Bench.Tests;

public sealed class TracesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("stockpile-bench-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Published_means_go_with_the_policies_of_their_trace()
    {
        File.WriteAllText(Path.Combine(_folder, "openb_node_list_gpu_node.csv"),
            "sn,cpu_milli,memory_mib,gpu,model\nn1,64000,65536,8,A\n");
        foreach (var trace in new[] { "default", "other" })
            File.WriteAllText(Path.Combine(_folder, $"openb_pod_list_{trace}.csv"),
                "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np1,1000,1024,1,500\n");
        File.WriteAllText(Path.Combine(_folder, "expected_summary.csv"),
            "trace,policy,n,alloc100_mean,alloc130_mean,alloc130_sd\ndefault,04-GpuPacking,10,91.78,92.002,0.5\n"
            + "default,06-FGD,10,95.23,95.391,0.1\n");
        var traces = Traces.Read(_folder);
        Assert.Equal(["default", "other"], traces.All.Select(t => t.Name));
        Assert.Equal(8000, traces.CapacityMilli);
        Assert.Equal(91.78, traces.All[0].Published[("packing", 100)]);
        Assert.Equal(95.391, traces.All[0].Published[("fgd", 130)]);
        Assert.Equal(4, traces.All[0].Published.Count);
        Assert.Empty(traces.All[1].Published);
    }
}
