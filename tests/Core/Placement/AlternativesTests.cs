using Stockpile.Core.Fleets;
using Stockpile.Core.Tests.Cells;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Placement;

/// <summary>The list of models a job may run on; a star marks those where it would be a guest.</summary>
public sealed class AlternativesTests
{
    public static TheoryData<string, string> Lists => new()
    {
        { "gang", "H800 A800 V100" },
        { "gang on its own tiers", "T4 H800" },
        { "gang below its home", "T4" },
        { "gang with large devices", "H800 A800" },
        { "service", "T4 A10 H20 V100* A800* H800*" },
        { "service that stays home", "T4 A10 H20" },
        { "service on its own models", "H800* T4" },
        { "service on its own models that stays home", "T4" },
        { "service that asks for a better tier and stays home", "" },
        { "service with large devices", "H20 A800* H800*" },
        { "tasks", "A10 H20 T4 V100* A800* H800*" },
        { "tasks on a model that stands twice", "A10" },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public void The_models_come_in_the_order_of_the_job_or_the_policy(string job, string expected)
    {
        var spec = job switch
        {
            "gang" => Gang(1),
            "gang on its own tiers" => Gang(1) with { Tiers = ["basic", "frontier"] },
            "gang below its home" => Gang(1) with { Models = ["T4"] },
            "gang with large devices" => Gang(1) with { MinMemoryMiB = 40_000 },
            "service" => Service(500),
            "service that stays home" => Service(500) with { Guest = false },
            "service on its own models" => Service(500) with { Models = ["H800", "T4"] },
            "service on its own models that stays home" =>
                Service(500) with { Models = ["H800", "T4"], Guest = false },
            "service that asks for a better tier and stays home" =>
                Service(500) with { Tiers = ["frontier"], Guest = false },
            "service with large devices" => Service(500) with { MinMemoryMiB = 40_000 },
            "tasks" => Tasks(1),
            _ => Tasks(1) with { Models = ["A10", "A10"] },
        };
        var found = Alternatives.Of(spec, RandomFleet.Catalog, RandomFleet.Policies[0]);
        Assert.Equal(expected, string.Join(' ', found.Select(a => a.Guest ? a.Model + "*" : a.Model)));
    }
}
