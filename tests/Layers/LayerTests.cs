namespace Stockpile.Layers.Tests;

/// <summary>
/// Each project has its folders in an order, and a type uses only types of folders that stand before its own. So no
/// two folders use each other, and a reader who goes from left to right has read all that a folder is made of.
/// </summary>
public sealed class LayerTests
{
    /// <summary>The folders of each project, those that use nothing first; the top of a project is <c>.</c>.</summary>
    private static readonly Dictionary<string, string> Orders = new()
    {
        ["Stockpile.Core"] =
            ". Desks Jobs Scoring Fleets State Audit Placement Queueing Commands Cycle Explain Routing",
        ["Stockpile.Protocol"] = ". V1 Mapping Serialization",
        ["Stockpile.Formats"] = ". Hocon Jobs Fleets Policies Traces Sources Reserve",
        ["Stockpile.Hosting"] = ". Configuration Data Access Postgres Processes",
        ["Stockpile.Node"] = "Devices Nodes Hosts Hosting",
        ["Stockpile.Scheduler"] = ". Notes Mapping Process Owners Journal Desks Cells Audit Routing Api Hosting",
        ["Stockpile.Inspect"] = ". Catalogue Agent Logs Palettes Server Client Hosting",
        ["Stockpile.Lab"] = ". Reserve Virtual Saturation Sharding Plots",
        ["Stockpile.Cli"] = ". Output Client Processes Local Replay Forecasting Demo Bench Inspect Top Commands App",
    };

    public static TheoryData<string> Projects => [.. Orders.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_folder_uses_only_those_before_it(string project)
    {
        var order = Orders[project].Split(' ').ToList();
        var uses = Uses.Of(project);
        var unnamed = uses.SelectMany(u => new[] { u.From, u.To }).Distinct().Except(order).ToList();
        Assert.True(unnamed.Count == 0, $"{project} has folders without a place: {string.Join(", ", unnamed)}");
        var backwards = uses.Where(u => order.IndexOf(u.To) > order.IndexOf(u.From))
            .Select(u => $"{u.From}/{u.User} uses {u.To}/{u.Used}").ToList();
        Assert.True(backwards.Count == 0,
            $"{project}, in the order {Orders[project]}:\n{string.Join('\n', backwards)}");
    }

    /// <summary>Else a project that nobody named would be held to nothing.</summary>
    [Fact]
    public void Every_project_has_an_order()
    {
        var assemblies = Directory.GetFiles(AppContext.BaseDirectory, "Stockpile.*.dll")
            .Select(Path.GetFileNameWithoutExtension)
            // The bridge to Petabridge.Cmd is built only where its packages are.
            .Where(name => name is not "Stockpile.PetabridgeCmd"
                && !name!.EndsWith(".Tests", StringComparison.Ordinal));
        Assert.Equal(Orders.Keys.Order(StringComparer.Ordinal),
            assemblies.Append("Stockpile.Cli").Order(StringComparer.Ordinal));
    }

    /// <summary>That the reader sees uses at all, in a signature and in the body of a method.</summary>
    [Fact]
    public void A_use_that_is_there_is_seen()
    {
        var uses = Uses.Of("Stockpile.Core");
        Assert.Contains(new Use("State", "Jobs", "JobState", "JobSpec"), uses);
        Assert.Contains(new Use("Cycle", "Queueing", "SchedulingCycle", "Reclaim"), uses);
    }
}
