using System.Text.Json;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Palettes;
using Stockpile.Scheduler.Tests.Api;

namespace Stockpile.Inspect.Tests.Palettes;

public sealed class OwnPalettesTests
{
    [Fact]
    public void Names_and_switches_are_unique_and_as_the_grammar_wants_them()
    {
        var palettes = new PaletteBench().Palettes;
        Assert.Equal(["fleet", "cell", "job", "node"], palettes.Select(p => p.Name));
        foreach (var palette in palettes)
        {
            Assert.Distinct(palette.Commands.Select(c => c.Name));
            foreach (var command in palette.Commands)
            {
                Assert.Distinct(command.Arguments.Select(a => a.Name));
                Assert.Distinct(command.Arguments.Select(a => a.Switch));
                Assert.All(command.Arguments, a => Assert.Matches("^-[a-z]$", a.Switch));
                Assert.All(command.Arguments, a => Assert.Matches("^[a-z]+(-[a-z]+)*$", a.Name));
                Assert.All(command.Arguments, a => Assert.NotEmpty(a.Description));
            }
        }
    }

    [Fact]
    public async Task A_member_without_a_gateway_knows_the_commands_and_leaves_them_to_a_scheduler()
    {
        var here = new PaletteBench().Palettes;
        var elsewhere = OwnPalettes.Elsewhere();
        Assert.Equal(
            here.SelectMany(p => p.Commands).Select(c => c.Name),
            elsewhere.SelectMany(p => p.Commands).Select(c => c.Name));
        Assert.All(elsewhere.SelectMany(p => p.Commands), c => Assert.True(c.NeedsScheduler));
        var result = await new CommandCatalogue(elsewhere).RunAsync(
            ["fleet", "tiers"], new Recorder(), TestContext.Current.CancellationToken);
        Assert.Equal("only a scheduler member answers this", result.Error);
    }

    [Theory]
    [InlineData("job", "show", "id", "north-1", "jobs/north-1")]
    [InlineData("job", "why", "id", "north-1", "jobs/north-1/why")]
    [InlineData("node", "show", "id", "n1", "nodes/n1")]
    public async Task The_data_of_a_thing_is_what_the_HTTP_API_answers(
        string palette, string command, string argument, string value, string path)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var api = await ApiHost.StartAsync();
        var bench = new PaletteBench();
        foreach (var gateway in new[] { api.Gateway, bench.Gateway }) Fill(gateway);
        var http = await api.Http.GetStringAsync($"/api/v1/{path}", cancel);
        var answer = await bench.RunAsync(palette, command, (argument, value));
        Assert.Equal(http, answer.Json.Single());
    }

    [Theory]
    [InlineData("job", "list", "jobs", "jobs")]
    [InlineData("fleet", "nodes", "nodes", "nodes")]
    [InlineData("fleet", "tiers", "fleet", "tiers")]
    [InlineData("fleet", "models", "fleet", "models")]
    [InlineData("cell", "list", "cells", "cells")]
    public async Task The_data_of_the_rows_is_what_the_HTTP_API_lists(
        string palette, string command, string path, string field)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var api = await ApiHost.StartAsync();
        var bench = new PaletteBench();
        foreach (var gateway in new[] { api.Gateway, bench.Gateway }) Fill(gateway);
        using var http = JsonDocument.Parse(await api.Http.GetStringAsync($"/api/v1/{path}", cancel));
        var rows = http.RootElement.GetProperty(field).EnumerateArray().Select(e => e.GetRawText()).ToList();
        Assert.NotEmpty(rows);
        var answer = await bench.RunAsync(palette, command);
        Assert.Equal(rows, answer.Json.Take(rows.Count));
    }

    private static void Fill(FakeGateway gateway)
    {
        gateway.Cells.Add(ApiHost.Cell());
        gateway.Nodes.Add(ApiHost.Node());
        gateway.Nodes[0].Allocations.Add(PaletteBench.Allocation());
        gateway.Jobs.Add(PaletteBench.Job("north-1", change: j => j.Allocations.Add(PaletteBench.Allocation())));
        gateway.Why = new() { Job = PaletteBench.Job("north-1"), Reason = "it runs" };
    }
}
