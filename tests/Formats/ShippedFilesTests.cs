using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Jobs;
using Stockpile.Formats.Policies;
using Stockpile.Formats.Sources;

namespace Stockpile.Formats.Tests;

public sealed class ShippedFilesTests
{
    private static FleetSpec Hunyuan { get; } = FleetFile.Read(Shipped.Hocon("fleets/hunyuan.conf"), Shipped.Catalog);

    private static Scenario Scenario(ulong seed) =>
        ScenarioFile.Read(Shipped.Hocon("scenarios/hunyuan.conf"), Shipped.Catalog, Shipped.Policy, seed);

    [Fact]
    public void The_catalogue_has_the_ladder_and_every_model()
    {
        var catalog = Shipped.Catalog;
        Assert.Equal(["frontier", "advanced", "standard", "basic"], catalog.Tiers.Select(t => t.Name));
        string[] models = ["H100", "H800", "A100", "A800", "H20", "L20", "L40S", "A10", "T4", "V100", "V100M16",
            "V100M32", "P100", "910B", "G2", "G3"];
        Assert.Equal(models.Order(), catalog.Models.Select(m => m.Model).Order());
        Assert.All(catalog.Models, m => Assert.True(m.Source.Length > 10, m.Model));
        Assert.Equal(["G2", "G3"], catalog.Models.Where(m => m.Assumed).Select(m => m.Model).Order());
        Assert.Equal(1.0, catalog.RelativeSpeed("H800"));
        Assert.Equal(81_920, catalog.Find("H800")!.MemoryMiB);
        Assert.Null(catalog.Find("V100")!.Bf16Tflops);
    }

    [Fact]
    public void The_policy_is_the_combined_scheme()
    {
        var policy = Shipped.Policy;
        Assert.Equal("combined", policy.Name);
        Assert.Equal(["frontier", "advanced"], policy.Training.Tiers);
        Assert.Empty(policy.Training.GuestTiers);
        Assert.Equal(["basic", "standard"], policy.Inference.Tiers);
        Assert.Equal(["advanced", "frontier"], policy.Inference.GuestTiers);
        Assert.Equal(["standard", "basic"], policy.Batch.Tiers);
        Assert.Equal(["advanced", "frontier"], policy.Batch.GuestTiers);
    }

    [Fact]
    public void The_shipped_queue_is_the_one_without_a_file_and_has_no_quotas()
    {
        var queue = Shipped.Policy.Queue;
        Assert.Equal(PreemptionPolicy.Default, queue.Preemption);
        Assert.Equal(new QueuePolicy().Ageing, queue.Ageing);
        Assert.True(queue.FairShare);
        Assert.Empty(queue.Weights);
        Assert.False(queue.Quotas.Any);
    }

    [Fact]
    public void Weights_and_quotas_are_read()
    {
        const string Text = """
            policy {
              name = p, training { tiers = [frontier] }, inference { tiers = [basic] }, batch { tiers = [basic] }
              queue { fair-share { enabled = off, weights { research = 2 } }, ageing = 0s }
              quotas { research { frontier { nominal = 40%, borrow = 10% }, basic { } } }
            }
            """;
        var queue = PolicyFile.ParseText(Text, Shipped.Catalog).Queue;
        Assert.False(queue.FairShare);
        Assert.Equal(2, queue.Weights["research"]);
        Assert.Equal(TimeSpan.Zero, queue.Ageing);
        Assert.Equal(new TenantQuota(40, 10), queue.Quotas.Find("research", "frontier"));
        Assert.Equal(new TenantQuota(0, 100), queue.Quotas.Find("research", "basic"));
        Assert.Equal(new TenantQuota(0, 100), queue.Quotas.Find("other", "frontier"));
        Assert.Null(queue.Quotas.Find("research", "advanced"));
    }

    [Fact]
    public void The_hunyuan_fleet_is_large_enough_for_its_gangs()
    {
        Assert.InRange(Hunyuan.Nodes.Count, 1_000, 1_200);
        Assert.True(Hunyuan.Cells.Count() >= 3);
        var h800ByCell = Hunyuan.Nodes.Where(n => n.Model == "H800").GroupBy(n => n.Cell);
        Assert.True(h800ByCell.Count(cell => cell.Sum(n => n.Devices) >= 600) >= 2);
        Assert.Equal(Hunyuan.Nodes.Count, Hunyuan.Nodes.Select(n => n.Id).Distinct().Count());
        Assert.All(Hunyuan.Nodes, n => Assert.True(Names.IsName(n.Id) && n.Labels.ContainsKey("rack"), n.Id));
        Assert.Contains(Hunyuan.Nodes, n => n.Id == "north-h800-0001" && n.Labels["rack"] == "north-r001");
    }

    [Theory]
    [InlineData("H800", 17)]
    [InlineData("A800", 2)]
    [InlineData("A100", 33)]
    [InlineData("A10", 24)]
    public void The_hunyuan_fleet_has_the_proportions_of_a_real_one(string model, double percent)
    {
        var total = Hunyuan.Nodes.Sum(n => n.Devices);
        var share = 100.0 * Hunyuan.Nodes.Where(n => n.Model == model).Sum(n => n.Devices) / total;
        Assert.InRange(share, percent - 0.5, percent + 0.5);
    }

    [Fact]
    public void The_small_fleet_is_small()
    {
        var small = FleetFile.Read(Shipped.Hocon("fleets/small.conf"), Shipped.Catalog);
        Assert.Equal(2, small.Cells.Count());
        Assert.Equal(12, small.Nodes.Count);
    }

    [Theory]
    [InlineData("", "H800")]
    [InlineData("tier = frontier,", "H800")]
    [InlineData("tier = advanced,", "H800@advanced")]
    public void A_group_may_give_its_nodes_another_tier_than_the_catalogue_does(string tier, string chip)
    {
        var fleet = FleetFile.ParseText(
            "fleet { name = f, cells { n { groups = [ { model = H800, " + tier
            + " count = 2, devices = 8, cpu = 1, memory = 1GiB } ] } } }", Shipped.Catalog);
        Assert.Equal([chip, chip], fleet.Nodes.Select(n => n.Chip));
        Assert.All(fleet.Nodes, n => Assert.Equal("H800", n.Model));
    }

    [Fact]
    public void The_scenario_has_the_gangs_services_and_batch_jobs_it_promises()
    {
        var jobs = Scenario(1).Jobs;
        var gangs = jobs.Where(j => j.Spec.Kind == JobKind.Training).ToList();
        foreach (var size in new[] { 512, 384, 256 })
        {
            var big = gangs.Where(j => j.Spec.Devices == size).ToList();
            Assert.True(big.Count >= 3);
            Assert.All(big, j => Assert.True(j.Spec is { Priority: Priority.High, Generation: > 0 }));
        }
        Assert.True(gangs.Count(j => j.Spec.Devices is >= 32 and <= 128) > 80);
        Assert.True(gangs.Count(j => j.Spec.Devices is 8 or 16) > 500);

        var services = jobs.Where(j => j.Spec.Kind == JobKind.Inference).Select(j => j.Spec).ToList();
        string[] named = ["meeting summaries", "programming help", "game production", "advertising copy",
            "ad targeting", "customer questions", "cloud rental"];
        Assert.All(named, name => Assert.Contains(services, s => s.Name == name && s.Demand is not null));
        Assert.Contains(services, s => s.ShareMilli > 0);
        Assert.Contains(services, s => s.Devices > 0);
        Assert.Contains(services, s => s.MinMemoryMiB > 0);

        var batch = jobs.Where(j => j.Spec.Kind == JobKind.Batch).Select(j => j.Spec.Name).ToList();
        foreach (var name in new[] { "data cleaning", "evaluation", "embedding" })
            Assert.Contains(batch, b => b.StartsWith(name, StringComparison.Ordinal));
        Assert.InRange(jobs[^1].Arrival.TotalHours, 24, 40);
    }

    [Fact]
    public void The_scenario_wants_more_frontier_than_there_is_and_less_serving_than_there_is()
    {
        var frontier = Hunyuan.Nodes.Where(n => n.Model == "H800").Sum(n => n.Devices);
        var jobs = Scenario(1).Jobs.Where(j => j.Arrival < TimeSpan.FromHours(30)).Select(j => j.Spec).ToList();
        var frontierWork = jobs.Where(j => j.Tiers is ["frontier"]).Sum(j => j.WorkHours);
        var gangs = jobs.Where(j => j.Kind == JobKind.Training);
        var anyWork = gangs.Where(j => j.Tiers is [] or ["frontier"]).Sum(j => j.WorkHours);
        Assert.True(frontierWork > 0.9 * frontier * 30, $"{frontierWork} of {frontier * 30}");
        Assert.True(anyWork > 1.1 * frontier * 30, $"{anyWork} of {frontier * 30}");

        var serving = Hunyuan.Nodes.Where(n => Shipped.Catalog.RankOf(n.Model) >= 2).Sum(n => n.Devices);
        var peak = jobs.Where(j => j.Kind == JobKind.Inference)
            .Sum(j => j.MaxReplicas * (j.ShareMilli > 0 ? j.ShareMilli / 1000.0 : j.Devices));
        Assert.InRange(peak, 0.4 * serving, 0.9 * serving);
    }

    [Fact]
    public void A_scenario_is_the_same_for_the_same_seed_and_differs_for_another()
    {
        Assert.Equal(Arrivals(7), Arrivals(7));
        Assert.NotEqual(Arrivals(7), Arrivals(8));
        Assert.Equal(Arrivals(7).Order(), Arrivals(7));

        static List<TimeSpan> Arrivals(ulong seed) => [.. Scenario(seed).Jobs.Select(j => j.Arrival)];
    }

    [Fact]
    public void The_examples_show_one_job_of_each_kind()
    {
        var jobs = JobFile.Read(Shipped.Hocon("jobs/examples.conf"), Shipped.Catalog, Shipped.Policy);
        Assert.Equal([JobKind.Training, JobKind.Inference, JobKind.Batch], jobs.Select(j => j.Kind));
        Assert.Equal(2_000, jobs[1].CpuMilli);
        Assert.Equal(TimeSpan.FromHours(2), jobs[2].Duration);
    }

    [Fact]
    public void A_source_is_told_apart_by_its_prefix_and_content()
    {
        var jobs = JobSource.Read(Shipped.Hocon("jobs/examples.conf"), Shipped.Catalog, Shipped.Policy, 1);
        Assert.Equal(3, jobs.Jobs.Count);
        var scenario = JobSource.Read(Shipped.Hocon("scenarios/hunyuan.conf"), Shipped.Catalog, Shipped.Policy, 1);
        Assert.Equal("hunyuan", scenario.Name);
        Assert.Equal("small", FleetSource.Read(Shipped.Hocon("fleets/small.conf"), Shipped.Catalog).Name);
    }
}
