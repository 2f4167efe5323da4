using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Formats;
using Stockpile.Hosting;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Tests.Routing;

public sealed class HomeCellsTests
{
    private static readonly Catalog Catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));
    private static readonly Policy Policy = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), Catalog);
    private static readonly Dictionary<string, long> Nothing = [];

    private static CellView Cell(string name, int devices, long taken = 0, string model = "H800") => new()
    {
        Cell = name,
        Models =
        {
            new ModelUse
            {
                Model = model, Tier = Catalog.Find(model)!.Tier, Nodes = devices / 8, Devices = devices,
                TrainingMilli = taken, DevicesPerNodeMax = 8, CpuMilliPerNodeMax = 128_000,
                MemoryMibPerNodeMax = 1 << 20,
            },
        },
    };

    private static JobSpec Gang(int devices = 8) =>
        new() { Name = "gang", Kind = JobKind.Training, Devices = devices, WorkHours = 1 };

    private static string? Home(JobSpec spec, string key, params CellView[] cells) =>
        HomeCells.Choose(spec, key, cells, Nothing, Catalog, Policy).Cell;

    private static Refusal Refused(JobSpec spec, params CellView[] cells)
    {
        var (cell, refusal) = HomeCells.Choose(spec, "", cells, Nothing, Catalog, Policy);
        Assert.Null(cell);
        Assert.Equal(Refusal.Unplaceable, refusal!.Code);
        return refusal;
    }

    private static List<string> Keys(int count) => [.. Enumerable.Range(0, count).Select(i => $"key-{i}")];

    [Fact]
    public void A_key_finds_the_same_cell_whatever_the_load_and_the_order_of_the_cells()
    {
        foreach (var key in Keys(200))
        {
            var home = Home(Gang(), key, Cell("a", 80), Cell("b", 80), Cell("c", 80));
            Assert.Equal(home, Home(Gang(), key, Cell("c", 80, taken: 80_000), Cell("a", 80), Cell("b", 80, 7_000)));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("key")]
    public void A_service_goes_where_it_is_at_home_and_is_a_guest_only_where_no_cell_is(string key)
    {
        var service = new JobSpec
        {
            Name = "s", Kind = JobKind.Inference, MinReplicas = 1, MaxReplicas = 1, Devices = 1,
        };

        // The large cell of H800 is empty and the small one of A10 almost full, and still the better home.
        Assert.Equal("a10", Home(service, key, Cell("h800", 8_000), Cell("a10", 8, taken: 7_000, model: "A10")));
        Assert.Equal("h800", Home(service, key, Cell("h800", 8_000)));
    }

    [Fact]
    public void A_new_cell_takes_keys_for_itself_and_moves_none_between_the_others()
    {
        var moved = 0;
        foreach (var key in Keys(2_000))
        {
            var before = Home(Gang(), key, Cell("a", 80), Cell("b", 80), Cell("c", 80));
            var after = Home(Gang(), key, Cell("a", 80), Cell("b", 80), Cell("c", 80), Cell("d", 80));
            if (before == after) continue;
            Assert.Equal("d", after);
            moved++;
        }

        // A quarter is expected; the bounds are more than five standard deviations away.
        Assert.InRange(moved, 400, 600);
    }

    [Fact]
    public void A_cell_of_three_times_the_devices_gets_three_times_the_keys()
    {
        var large = Keys(4_000).Count(key => Home(Gang(), key, Cell("small", 80), Cell("large", 240)) == "large");
        Assert.InRange(large, 2_850, 3_150);
    }

    [Fact]
    public void A_key_goes_only_to_a_cell_that_could_ever_run_the_job()
    {
        foreach (var key in Keys(100))
            Assert.Equal("large", Home(Gang(64), key, Cell("small", 32), Cell("large", 64), Cell("t4", 640, 0, "T4")));
    }

    [Fact]
    public void Without_a_key_the_least_taken_cell_is_chosen_by_share_and_not_by_number()
    {
        Assert.Equal("b", Home(Gang(), "", Cell("a", 80, 40_000), Cell("b", 800, 80_000)));
        Assert.Equal("a", Home(Gang(), "", Cell("a", 80, 4_000), Cell("b", 800, 80_000)));
    }

    [Fact]
    public void Jobs_that_were_sent_since_the_digest_count_as_load()
    {
        var routed = new Dictionary<string, long> { ["a"] = 16_000 };
        var (cell, _) = HomeCells.Choose(
            Gang(), "", [Cell("a", 80), Cell("b", 80, 8_000)], routed, Catalog, Policy);
        Assert.Equal("b", cell);
    }

    [Fact]
    public void Lost_and_draining_devices_count_as_taken()
    {
        var half = Cell("a", 80);
        half.Models[0].UnavailableMilli = 40_000;
        Assert.Equal("b", Home(Gang(), "", half, Cell("b", 80, 24_000)));
    }

    [Fact]
    public void A_gang_larger_than_any_cell_is_told_the_largest()
    {
        var refusal = Refused(Gang(100), Cell("a", 80), Cell("b", 96));
        Assert.Equal("devices", refusal.Field);
        Assert.Contains("100", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("the largest has 96 of H800 (cell b)", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_no_cell_has_is_named()
    {
        var refusal = Refused(Gang() with { Models = ["A100"] }, Cell("a", 80));
        Assert.Equal("models", refusal.Field);
        Assert.Contains("A100", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("tiers", Refused(Gang() with { Tiers = ["advanced"] }, Cell("a", 80)).Field);
    }

    [Fact]
    public void More_device_memory_than_any_model_has_is_named()
    {
        var refusal = Refused(Gang() with { MinMemoryMiB = 1 << 20 }, Cell("a", 80));
        Assert.Equal("min-memory", refusal.Field);
        Assert.Contains("1048576 MiB", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_larger_than_any_node_is_told_the_largest_node()
    {
        var refusal = Refused(
            Gang() with { Kind = JobKind.Batch, Tasks = 1, Devices = 1, CpuMilli = 256_000 }, Cell("a", 80, 0, "A10"));
        Assert.Contains("256 cores", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("128 cores", refusal.Message, StringComparison.Ordinal);
    }
}
