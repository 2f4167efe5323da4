using System.Net;
using System.Net.Sockets;
using Stockpile.Core.Jobs;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Audit;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Routing;
using Stockpile.Scheduler.Tests.Api;

namespace Stockpile.Cli.Tests;

public sealed class ReadVerbTests : IAsyncLifetime
{
    private readonly CommandLine _cli = new();
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await ApiHost.StartAsync();
        _cli.Environment["STOCKPILE_SERVER"] = _host.Url;
        var job = new JobView
        {
            Id = "north-1", Cell = "north", State = "running", SubmittedAtMs = 1_714_564_800_000,
            StartedAtMs = 1_714_564_900_000, Done = 0.5,
            Spec = new JobSpec { Name = "gen-9", Kind = JobKind.Training, Devices = 64, WorkHours = 1_000 }.ToWire(),
        };
        job.Allocations.Add(new AllocationView
        {
            Id = "north-1.1", Job = "north-1", Node = "n1", Model = "H800", Tier = "frontier", State = "running",
        });
        _host.Gateway.Jobs.Add(job);
        _host.Gateway.Nodes.Add(ApiHost.Node());
        _host.Gateway.Cells.Add(ApiHost.Cell());
        _host.Gateway.Events.Add(new HistoryEntry(
            new DateTimeOffset(2024, 5, 1, 12, 0, 0, TimeSpan.Zero), "north", 1, 5, "JobPlaced", "64 devices"));
        _host.Gateway.Why = new WhyReply { Job = job, Reason = "12 devices short", AheadInQueue = 4 };
        _host.Gateway.Why.Alternatives.Add(new WhyAlternative
        {
            Model = "H800", Tier = "frontier", Nodes = 1_234, NodesShortOfCpu = 7, Verdict = "wait for north-3",
        });
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_list_that_does_not_fit_says_how_it_goes_on_and_all_of_it_comes_as_one()
    {
        for (var number = 9; number > 4; number--)
        {
            var job = _host.Gateway.Jobs[0].Clone();
            job.Id = $"north-{number}";
            _host.Gateway.Jobs.Insert(9 - number, job);
        }

        var first = await _cli.RunAsync("jobs", "--limit", "2");
        Assert.Contains(
            "2 of 6 jobs; --cursor 1714564800000.north-8 shows the next, --all all", first.Out,
            StringComparison.Ordinal);
        var second = await _cli.RunAsync("jobs", "--limit", "2", "--cursor", "1714564800000.north-8", "--json");
        Assert.Equal(["north-7", "north-6"], Ids(second));
        _host.Gateway.PageMax = 2;
        var all = await _cli.RunAsync("jobs", "--all", "--state", "running", "--json");
        Assert.Equal(["north-9", "north-8", "north-7", "north-6", "north-5", "north-1"], Ids(all));
        Assert.False(all.Json.TryGetProperty("next", out _));
        Assert.Equal(2, (await _cli.RunAsync("jobs", "--all", "--limit", "2")).Exit);

        static IEnumerable<string?> Ids(Outcome outcome) =>
            outcome.Json.GetProperty("jobs").EnumerateArray().Select(j => j.GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("jobs", "jobs")]
    [InlineData("job north-1", "id")]
    [InlineData("cancel north-1", "state")]
    [InlineData("why north-1", "reason")]
    [InlineData("history north-1", "events")]
    [InlineData("nodes", "nodes")]
    [InlineData("node n1", "id")]
    [InlineData("drain n1", "state")]
    [InlineData("resume n1", "state")]
    [InlineData("fleet", "tiers")]
    [InlineData("cells", "cells")]
    [InlineData("audit", "findings")]
    [InlineData("top", "fleet")]
    public async Task With_json_standard_output_is_one_document(string line, string field)
    {
        _cli.IsTerminal = true;

        var outcome = await _cli.RunAsync([.. line.Split(' '), "--json"]);

        Assert.Equal(0, outcome.Exit);
        Assert.True(outcome.Json.TryGetProperty(field, out _));
        Assert.Equal("", outcome.Error);
    }

    [Theory]
    [InlineData("jobs", "north-1", "gen-9", "training", "running", "50.0%", "2024-05-01 12:00:00")]
    [InlineData("job north-1", "gen-9", "1,000 device-hours", "north-1.1", "H800")]
    [InlineData("cancel north-1", "north-1 (gen-9) is cancelled")]
    [InlineData("why north-1", "12 devices short", "4 in the queue", "1,234", "cpu 7", "wait for north-3")]
    [InlineData("history north-1", "2024-05-01 12:00:00", "JobPlaced", "64 devices")]
    [InlineData("nodes", "n1", "H800", "ready", "512GiB")]
    [InlineData("node n1", "48.5 of 96 cores free", "512GiB of 1TiB free")]
    [InlineData("drain n1", "n1 is draining without a deadline")]
    [InlineData("drain n1 --cordon", "n1 is cordoned: it takes no new work, and nothing moves, 0 allocations on it")]
    [InlineData("fleet", "12 devices on 2 nodes (1 lost, 0 draining)", "25.0%", "H800 (frontier)", "3: 2 completed")]
    [InlineData("cells", "north", "25.0%")]
    [InlineData("top --interval 5s", "12 devices on 2 nodes (1 lost", "3 waiting (3 training", "frontier", "north")]
    public async Task People_get_a_view_without_colours_in_a_pipe(string line, params string[] shown)
    {
        var outcome = await _cli.RunAsync(line.Split(' '));

        Assert.Equal(0, outcome.Exit);
        foreach (var part in shown) Assert.Contains(part, outcome.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', outcome.Out);
    }

    [Fact]
    public async Task A_part_of_an_array_is_shown_as_one_and_says_what_its_cancel_does()
    {
        Assert.DoesNotContain("part of", (await _cli.RunAsync("jobs")).Out, StringComparison.Ordinal);
        _host.Gateway.Jobs[0].PartOf = "north-7";
        Assert.Matches(@"part of\s.*north-7\s*$", (await _cli.RunAsync("jobs")).Out.ReplaceLineEndings(" "));
        Assert.Matches("part of +north-7", (await _cli.RunAsync("why", "north-1")).Out);
        Assert.Contains(
            "north-1 (gen-9) is cancelled; it is a part of the array north-7, which ends with it as failed",
            (await _cli.RunAsync("cancel", "north-1")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("jobs")]
    [InlineData("nodes")]
    public async Task A_list_of_a_cell_that_does_not_exist_names_those_that_do(string verb)
    {
        _host.Gateway.Jobs.Clear();
        _host.Gateway.Nodes.Clear();
        Assert.Equal(0, (await _cli.RunAsync(verb, "--cell", "north")).Exit);
        (await _cli.RunAsync(verb, "--cell", "zzz")).Fails(1, "there is no cell zzz; known: north");
    }

    [Fact]
    public async Task A_row_is_one_line_in_a_pipe_however_long_it_is()
    {
        _host.Gateway.Jobs[0].Spec.Name = new string('n', 120) + " [red]x[/]";

        var outcome = await _cli.RunAsync("jobs");

        var rows = outcome.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, rows.Length);
        Assert.Contains("n [red]x[/] ", rows[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_server_says_cannot_drive_the_terminal()
    {
        _host.Gateway.Jobs[0].Reason = "\u001b[2Jgone";

        var outcome = await _cli.RunAsync("job", "north-1");

        Assert.DoesNotContain('\u001b', outcome.Out);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("1", true)]
    public async Task Colours_are_for_terminals_without_NO_COLOR(string? noColor, bool isPlain)
    {
        _cli.IsTerminal = true;
        if (noColor is not null) _cli.Environment["NO_COLOR"] = noColor;

        var outcome = await _cli.RunAsync("cells");

        // What the terminal of the test run can show is not known, so colours are only seen to be absent.
        Assert.Equal(0, outcome.Exit);
        if (isPlain) Assert.DoesNotContain('\u001b', outcome.Out);
        Assert.Contains("│", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Filters_are_passed_on()
    {
        await _cli.RunAsync("jobs", "--state", "running", "--tenant", "web", "--limit", "5");
        await _cli.RunAsync("nodes", "--model", "T4");
        await _cli.RunAsync("fleet", "--at", "2024-05-01T14:00:00+02:00");

        Assert.Equal(new JobFilter("running", null, "web", null, 5), _host.Gateway.LastJobFilter);
        Assert.Equal("T4", _host.Gateway.LastNodeFilter!.Model);
        Assert.Equal(new DateTimeOffset(2024, 5, 1, 12, 0, 0, TimeSpan.Zero), _host.Gateway.LastAt);
    }

    [Theory]
    [InlineData("job", "north-99")]
    [InlineData("node", "n2")]
    public async Task What_is_not_there_is_exit_code_1(string verb, string id) =>
        (await _cli.RunAsync(verb, id)).Fails(1, "there is no ", id);

    [Fact]
    public async Task An_id_cannot_lead_to_another_address() =>
        (await _cli.RunAsync("job", "../cells")).Fails(1, "there is no job");

    [Theory]
    [InlineData("jbos")]
    [InlineData("job")]
    [InlineData("job a b")]
    [InlineData("jobs --stat running")]
    [InlineData("jobs --state runing")]
    [InlineData("jobs --limit many")]
    [InlineData("jobs --server not-an-address")]
    [InlineData("jobs --server ftp://127.0.0.1")]
    [InlineData("")]
    public async Task Wrong_usage_is_exit_code_2(string line) =>
        (await _cli.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).Fails(2);

    [Fact]
    public async Task A_parameter_that_only_the_server_knows_to_be_wrong_is_exit_code_1() =>
        (await _cli.RunAsync("fleet", "--at", "yesterday")).Fails(1, "yesterday");

    [Theory]
    [InlineData("jobs")]
    [InlineData("submit --kind batch --tasks 1")]
    public async Task Nobody_there_is_exit_code_3_at_once(string line)
    {
        _cli.RetryFor = TimeSpan.FromSeconds(30);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var outcome = await _cli.RunAsync([.. line.Split(' '), "--server", $"http://127.0.0.1:{port}"]);

        outcome.Fails(3, "cannot reach the cluster", $":{port}");
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("job --help")]
    [InlineData("submit --help")]
    public async Task Help_is_exit_code_0(string line)
    {
        var outcome = await _cli.RunAsync(line.Split(' '));

        Assert.Equal(0, outcome.Exit);
        Assert.Contains("Usage:", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_audit_that_found_something_shows_it_and_ends_with_1()
    {
        _host.Gateway.Audit = ApiHost.Disagreeing;
        var outcome = await _cli.RunAsync("audit");

        Assert.Equal(1, outcome.Exit);
        Assert.Equal("", outcome.Error);
        foreach (var part in new[]
                 {
                     "d969d33a689e98e9", "1 of 2", "not-running", "node n1 does not run allocation 7", "cell-silent",
                     "2 findings after 3 looks, 4 passed by themselves",
                 })
            Assert.Contains(part, outcome.Out, StringComparison.Ordinal);
        Assert.Equal(1, (await _cli.RunAsync("audit", "--json")).Exit);
        Assert.Contains("clean after 1 look", await CleanAsync(), StringComparison.Ordinal);
    }

    private async Task<string> CleanAsync()
    {
        _host.Gateway.Audit = new AuditReport([], [], 1, 0);
        var outcome = await _cli.RunAsync("audit");
        Assert.Equal(0, outcome.Exit);
        return outcome.Out;
    }
}
