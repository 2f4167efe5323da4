using System.Reflection;
using System.Text.Json;
using Stockpile.Cli;
using Stockpile.Cli.App;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Json;
using Stockpile.Scheduler.Tests.Api;

namespace Stockpile.Inspect.Tests.Palettes;

/// <summary><c>pbm job why</c> and <c>stockpile why</c> say the same, whatever there is to say.</summary>
public sealed class WhyFacesTests
{
    /// <summary>Every field that an explanation can have, more than any one has.</summary>
    private static WhyReply Everything()
    {
        var job = PaletteBench.Job("north-1", "pending", j => j.PartOf = "north-0");
        var why = new WhyReply
        {
            Job = job, Reason = "no room", AheadInQueue = 1_203, AtMs = 1_714_564_800_000,
            Start = new WhyStart
            {
                AtMs = 1_714_568_400_000, Model = "H800", Tier = "frontier", Devices = 16, Nodes = 2, AtLeast = true,
                MoreEndings = 3,
            },
            Reservation = Reserved("north-1", "gang"), HeldBackBy = Reserved("north-9", "other"),
            Rule = new RefusalMsg { Code = "over-quota", Field = "tenant", Message = "the quota says no" },
            Outcome = "held-back", OutcomeReason = "devices wait for north-9", TriedAtMs = 1_714_564_700_000,
            Stays = "it goes to the first of them", Never = "no node is so large", Clock = "clocks differ by 7s",
            MovedFromMs = 1_714_566_000_000, MovedAtMs = 1_714_564_750_000, MovedBecause = "north-7 ends later",
        };
        why.Start.EndFirst.Add(
            new WhyEnding { Job = "north-7", Name = "long", Devices = 8, EndMs = 1_714_568_000_000 });
        why.Changes.Add("with 8 devices it starts now");
        why.Elsewhere.Add(new WhyElsewhere { Cell = "top", Verdict = "it would wait there too" });
        why.Alternatives.Add(new WhyAlternative
        {
            Model = "H800", Tier = "frontier", Guest = true, Nodes = 1_234, Devices = 9_872, FreeDevices = 5,
            UsedDevices = 11, NodesShortOfDevices = 1, NodesWithoutLabels = 1_000, Verdict = "11 devices short",
        });
        return why;

        static WhyReservation Reserved(string job, string name) => new()
        {
            Job = job, Name = name, Model = "H800", Tier = "frontier", Devices = 16, Nodes = 2,
            StartMs = 1_714_568_400_000,
        };
    }

    [Fact]
    public async Task Both_faces_give_the_same_text()
    {
        var bench = new PaletteBench();
        bench.Gateway.Why = Everything();
        var answer = await bench.RunAsync("job", "why", ("id", "north-1"));
        AssertIsWhole(answer.Json.First());

        var (exit, screen) = await StockpileWhyAsync();
        Assert.Equal(0, exit);
        var lines = screen.Split('\n').Select(Squeezed).ToList();
        foreach (var line in answer.Lines)
        {
            // A head of a part may be laid out otherwise; what it heads may not.
            if (line.StartsWith("other cell", StringComparison.Ordinal)) continue;
            var cells = line.Split('|').Select(c => c.Trim()).Where(c => c.Length > 0).ToList();
            Assert.True(lines.Exists(l => Squeezed(string.Join(' ', cells)) == l || cells.TrueForAll(l.Contains)),
                $"stockpile why does not say '{line}':\n{screen}");
        }

        // And nothing beside it but the headings of its parts.
        var said = answer.Lines.Select(l => Squeezed(l.Replace('|', ' '))).ToHashSet();
        var more = lines.Where(l => l is not ("" or "Other cells" or "Alternatives") && !said.Contains(l)
            && !said.Contains(l.Replace(":", "", StringComparison.Ordinal))).ToList();
        Assert.True(more.Count == 0, $"pbm job why does not say '{string.Join("', '", more)}'");
    }

    /// <summary>A field that is added to an explanation has to be added to this test, too.</summary>
    private static void AssertIsWhole(string json)
    {
        var why = JsonSerializer.Deserialize<WhyResponse>(json, ApiJson.Options)!;
        foreach (var property in typeof(WhyResponse).GetProperties(BindingFlags.Public | BindingFlags.Instance))
            Assert.True(property.GetValue(why) is not (null or 0), $"{property.Name} has no value here");
    }

    private static async Task<(int Exit, string Out)> StockpileWhyAsync()
    {
        await using var host = await ApiHost.StartAsync();
        host.Gateway.Why = Everything();
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exit = await CliApp.RunAsync(["why", "north-1"], new CliContext
        {
            Out = output, Error = error, IsTerminal = false, Jobs = new FileJobReader(),
            Variables = new Dictionary<string, string> { ["STOCKPILE_SERVER"] = host.Url },
        });
        Assert.Equal("", error.ToString());
        return (exit, output.ToString());
    }

    private static string Squeezed(string line) =>
        string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
