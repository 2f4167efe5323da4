using System.Text.Json;

namespace Stockpile.Cli.Tests;

/// <summary>What holds, and who says so.</summary>
public sealed class ConfigTests
{
    private readonly CommandLine _cli = new();

    [Fact]
    public async Task Every_value_is_printed_with_where_it_comes_from()
    {
        _cli.Environment["STOCKPILE__CLOCK__SPEED"] = "60";

        var outcome = await _cli.RunAsync("config", "stockpile", "--set", "stockpile.cluster.port=0");

        Assert.Equal(0, outcome.Exit);
        var lines = outcome.Out.Split('\n').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        Assert.Contains(lines, l => l is ["stockpile.clock.speed", "60", "environment", "STOCKPILE__CLOCK__SPEED"]);
        Assert.Contains(lines, l => l is ["stockpile.cluster.port", "0", "--set"]);
        Assert.Contains(lines, l => l is ["stockpile.journal.store", "sqlite", ['s', 't', 'o', 'c', 'k', ..]]);
    }

    [Fact]
    public async Task As_json_it_is_one_document_and_says_what_follows_from_a_setting()
    {
        _cli.Environment["STOCKPILE__CLUSTER__SEEDS"] = "scheduler-1:4053";

        var outcome = await _cli.RunAsync("config", "akka.cluster.seed-nodes", "--json");

        using var json = JsonDocument.Parse(outcome.Out);
        var setting = Assert.Single(json.RootElement.GetProperty("settings").EnumerateArray());
        Assert.Equal("akka.tcp://stockpile@scheduler-1:4053", setting.GetProperty("value")[0].GetString());
        Assert.Equal("stockpile.cluster.seeds", setting.GetProperty("from").GetString());
    }

    [Fact]
    public async Task A_password_is_never_printed()
    {
        _cli.Environment["STOCKPILE__JOURNAL__STORE"] = "postgres";
        _cli.Environment["STOCKPILE__JOURNAL__POSTGRES__PASSWORD"] = "open-sesame";

        var text = await _cli.RunAsync("config");
        var json = await _cli.RunAsync("config", "--json");

        Assert.Equal((0, 0), (text.Exit, json.Exit));
        Assert.Contains("(hidden)", text.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("open-sesame", text.Out + json.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config --set stockpile.clock.sped=2", "stockpile.clock.speed")]
    [InlineData("config --config /no/such.conf", "does not exist")]
    [InlineData("config nothing.of.it", "no setting is called nothing.of.it")]
    [InlineData("run node", "stockpile.cluster.seeds is empty")]
    [InlineData("run scheduler --set stockpile.journal.store=paper", "sqlite, postgres")]
    public async Task What_is_wrong_is_one_line_and_exit_code_1(string line, string said)
    {
        var outcome = await _cli.RunAsync(line.Split(' '));

        outcome.Fails(1, said);
        Assert.Empty(outcome.Out);
    }
}
