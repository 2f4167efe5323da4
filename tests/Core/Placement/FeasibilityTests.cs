using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Placement;

public sealed class FeasibilityTests
{
    private static readonly TestCell Cell = new TestCell()
        .Node("a", "H800", 8, cpuMilli: 16_000, memoryMiB: 65_536, rack: "r1")
        .Node("b", "H800", 8, cpuMilli: 16_000, memoryMiB: 65_536)
        .Node("c", "T4", 2, cpuMilli: 4_000, memoryMiB: 8_192);

    private static readonly Dictionary<string, string> Nowhere = new() { ["rack"] = "r9" };

    private static readonly Dictionary<string, (JobSpec Spec, string Field, string Says)> Never = new()
    {
        ["gang too large"] = (Gang(17), "devices", "at most 16 of H800"),
        ["gang too large for its CPU"] = (Gang(16) with { CpuMilli = 4_000 }, "devices", "at most 8 of H800"),
        ["gang that fits no node's memory"] = (Gang(1) with { MemoryMiB = 70_000 }, "devices", "at most 0 of H800"),
        ["gang with a shape"] = (Gang(12) with { PerNode = 4 }, "devices", "at most 8 of H800"),
        ["gang with labels"] = (Gang(16) with { Labels = new Dictionary<string, string> { ["rack"] = "r1" } },
            "devices", "at most 8 of H800"),
        ["no such label"] = (Gang(1) with { Labels = Nowhere }, "labels", "rack=r9"),
        ["no such model here"] = (Gang(1) with { Models = ["A800"] }, "models", "cell north has none of A800"),
        ["no such tier here"] = (Gang(1) with { Tiers = ["advanced"] }, "tiers", "none of A800, V100"),
        ["no device with the memory"] = (Gang(1) with { MinMemoryMiB = 90_000 }, "min-memory", "90000 MiB"),
        ["too many devices on one node"] = (Tasks(9), "devices", "at most 8"),
        ["too much CPU"] = (Tasks(1) with { CpuMilli = 20_000 }, "cpu", "at most 16"),
        ["too much CPU beside the devices"] =
            (Tasks(1) with { CpuMilli = 5_000, Guest = false }, "cpu", "at most 4"),
        ["too much memory"] = (Service(500) with { MemoryMiB = 70_000 }, "memory", "at most 65536"),
        ["only better tiers and no guest"] =
            (Service(500) with { Models = ["H800"], Guest = false }, "guest", "better tier"),
    };

    public static TheoryData<string> Cases => [.. Never.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_job_that_can_never_run_is_refused_with_the_dimension_that_ran_out(string name)
    {
        var (spec, field, says) = Never[name];
        var refusal = Feasibility.WhyNever(Cell.State, spec);
        Assert.NotNull(refusal);
        Assert.Equal(Refusal.Unplaceable, refusal.Code);
        Assert.Equal(field, refusal.Field);
        Assert.Contains(says, refusal.Message);
    }

    [Fact]
    public void What_could_run_in_an_empty_cell_is_taken()
    {
        JobSpec[] specs =
        [
            Gang(16), Gang(16) with { PerNode = 8 }, Gang(40) with { MinDevices = 16 }, Tasks(8), Service(999),
            Tasks(0) with { CpuMilli = 16_000 }, Gang(16) with { CpuMilli = 2_000 },
        ];
        foreach (var spec in specs) Assert.Null(Feasibility.WhyNever(Cell.State, spec));
    }
}
