using System.Text.Json;
using Stockpile.Docker.Tests;
using Stockpile.Tests.Shared;

[assembly: AssemblyFixture(typeof(ClusterFixture))]

namespace Stockpile.Docker.Tests;

/// <summary>
/// The cluster of <c>docker/compose.yaml</c>, built and started once. Every scenario finds it whole and leaves it
/// whole, so their order does not matter.
/// </summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    public const int Schedulers = 3;

    /// <summary>The service that makes the access tokens.</summary>
    public const string TokensService = "tokens";

    /// <summary>Simulated seconds per real second: checkpoints every 10 minutes are 10 seconds apart.</summary>
    private const int Speed = 60;

    /// <summary>
    /// Containers as the compose file has them: tokens, PostgreSQL, schedulers, two hosts for each of four tiers.
    /// </summary>
    private const int Containers = 1 + 1 + Schedulers + 4 * 2;

    private const int LogLines = 60;

    private readonly List<SchedulerClient> _clients = [];
    private MachineTurn? _turn;
    private Compose? _compose;
    private string _unavailable = "";

    internal Compose Compose => _compose!;

    /// <summary>By the number of the scheduler, less one.</summary>
    internal IReadOnlyList<SchedulerClient> Clients => _clients;

    public async ValueTask InitializeAsync()
    {
        (var engine, _unavailable) = await Engine.FindAsync();
        if (engine is null) return;
        _turn = await MachineTurn.TakeAsync();
        _compose = new Compose(engine, Schedulers, Speed);
        _clients.AddRange(_compose.Ports.Select(port => new SchedulerClient(port)));
        await _compose.RemoveLeftoversAsync();
        try
        {
            await _compose.RunAsync(Compose.BuildPatience, "up", "--build", "--detach");
            var token = await TokenAsync("operator");
            _clients.ForEach(c => c.UseToken(token));
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(c => c.Dispose());
        _clients.Clear();
        if (_compose is { } compose) await compose.TryAsync(Compose.Patience, "down", "--volumes", "--timeout", "5");
        if (_turn is { } turn) await turn.DisposeAsync();
        (_compose, _turn) = (null, null);
    }

    /// <summary>The token of a role, as a user reads it.</summary>
    internal async Task<string> TokenAsync(string role) =>
        (await Compose.ExecAsync("scheduler-1", "cat", $"/secrets/{role}")).OrFail().Trim();

    /// <summary>
    /// Runs one scenario on a whole cluster without work, waits until it is whole again and audits it. Where there is
    /// no Docker engine it skips, except in CI, which promises one.
    /// </summary>
    internal async Task ScenarioAsync(Func<Task> scenario)
    {
        if (_compose is null)
        {
            if (Environment.GetEnvironmentVariable("CI") is "true") Assert.Fail(_unavailable);
            Assert.Skip(_unavailable);
        }

        try
        {
            await WholeAsync();
            await scenario();
            await WholeAsync();
            await AuditAsync();
            await CancelAllAsync();
        }
        catch
        {
            await DumpAsync();
            await RepairAsync();
            throw;
        }
    }

    /// <summary>
    /// Waits until every container is healthy, every node ready, and every scheduler says the same of them.
    /// </summary>
    internal async Task WholeAsync()
    {
        await Until.HoldsAsync("every container is healthy", () => Compose.ContainersAsync(),
            all => all.Count == Containers && all.All(c => c.IsWhole));
        foreach (var client in Clients)
            await Until.HoldsAsync("every node is ready", client.NodesAsync,
                nodes => nodes.Count(n => n.State == "ready") == NodeNames.All.Count
                    && NodeNames.All.IsSubsetOf(nodes.Where(n => n.State == "ready").Select(n => n.Id)));
    }

    /// <summary>Which scheduler runs each cell: its service, by cell.</summary>
    internal async Task<IReadOnlyDictionary<string, string>> CellsAsync(string from = "scheduler-1")
    {
        var outcome = await Compose.ExecAsync(from, "stockpile", "audit", "--json");
        using var json = JsonDocument.Parse(outcome.Out);
        return json.RootElement.GetProperty("cells").EnumerateArray().ToDictionary(
            c => c.GetProperty("cell").GetString()!,
            c => c.TryGetProperty("member", out var member)
                ? member.GetString()!.Split('@')[1].Split(':')[0] : "");
    }

    private async Task AuditAsync()
    {
        var outcome = await Compose.ExecAsync("scheduler-1", "stockpile", "audit");
        Assert.True(outcome.ExitCode == 0, $"the audit is not clean:\n{outcome.Out}{outcome.Error}");
    }

    private async Task CancelAllAsync()
    {
        var jobs = await Clients[0].JobsAsync();
        foreach (var job in jobs.Values.Where(j => j.State is not ("completed" or "cancelled")))
            await Clients[0].CancelAsync(job.Id);
    }

    /// <summary>
    /// After a failure: the next scenario must not fail for the same reason. Its own checks come first.
    /// </summary>
    private async Task RepairAsync()
    {
        foreach (var container in await Compose.ContainersAsync())
            await Compose.ReconnectAsync(container);
        await Compose.TryAsync(Compose.Patience, "up", "--detach", "--no-build");
        await WholeAsync();
        await CancelAllAsync();
    }

    private async Task DumpAsync()
    {
        var output = TestContext.Current.TestOutputHelper;
        foreach (var container in await Compose.ContainersAsync())
        {
            output?.WriteLine($"== {container}");
            output?.WriteLine(await Compose.LogsAsync(container, LogLines));
        }
    }
}
