using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Stockpile.Docker.Tests;

/// <summary>
/// One project of <c>docker/compose.yaml</c>: a name and host ports of its own, so that it disturbs no other.
/// Containers are found by service and number, because the versions of Compose name them differently.
/// </summary>
internal sealed class Compose
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    public static readonly TimeSpan BuildPatience = TimeSpan.FromMinutes(20);

    private const string Prefix = "stockpile-test-";

    private readonly Engine _engine;
    private readonly Dictionary<string, string> _environment;

    public Compose(Engine engine, int schedulers, int speed)
    {
        _engine = engine;
        Project = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}");
        Ports = FreePorts(schedulers);
        _environment = new Dictionary<string, string>
        {
            ["COMPOSE_PROJECT_NAME"] = Project,
            ["STOCKPILE_IMAGE"] = "stockpile-test",
            ["STOCKPILE_SPEED"] = speed.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (i, port) in Ports.Index())
            _environment[$"STOCKPILE_PORT_{i + 1}"] = port.ToString(CultureInfo.InvariantCulture);
    }

    public string Project { get; }

    /// <summary>Of the schedulers, on this machine's loopback.</summary>
    public IReadOnlyList<int> Ports { get; }

    public string Network => $"{Project}_cluster";

    private static string File => Path.Combine(Root(), "docker", "compose.yaml");

    /// <summary>Removes what test processes left behind that were killed.</summary>
    public async Task RemoveLeftoversAsync()
    {
        var projects = await DockerAsync(
            "ps", "--all", "--filter", "label=com.docker.compose.project", "--format",
            "{{.Label \"com.docker.compose.project\"}}");
        var ours = projects.Split('\n').Distinct().Where(p => p.StartsWith(Prefix, StringComparison.Ordinal));
        foreach (var project in ours)
            if (!int.TryParse(project[Prefix.Length..], out var process) || !IsAlive(process))
                await _engine.ComposeAsync(Patience, _environment,
                    ["--file", File, "--project-name", project, "down", "--volumes", "--timeout", "1"]);
    }

    public async Task<string> RunAsync(TimeSpan limit, params IEnumerable<string> args) =>
        (await TryAsync(limit, args)).OrFail();

    public Task<Outcome> TryAsync(TimeSpan limit, params IEnumerable<string> args) =>
        _engine.ComposeAsync(limit, _environment, ["--file", File, .. args]);

    /// <summary>Runs a command in the first container of a service.</summary>
    public Task<Outcome> ExecAsync(string service, params IEnumerable<string> command) =>
        TryAsync(Patience, ["exec", "-T", service, .. command]);

    public async Task<string> DockerAsync(params IEnumerable<string> args) =>
        (await _engine.DockerAsync(Patience, args)).OrFail();

    /// <summary>The containers of a service, also those that have ended; all services when none is named.</summary>
    public async Task<IReadOnlyList<ContainerState>> ContainersAsync(string? service = null)
    {
        string[] filters = service is null ? [] : ["--filter", $"label=com.docker.compose.service={service}"];
        var ids = (await _engine.DockerAsync(Patience, [
            "ps", "--all", "--quiet", "--filter", $"label=com.docker.compose.project={Project}", .. filters,
        ])).OrFail().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return ids.Length == 0 ? [] : ContainerState.Parse(await DockerAsync(["inspect", .. ids]));
    }

    /// <summary>The container of a service with the number that Compose gave it, from 1.</summary>
    public async Task<ContainerState> ContainerAsync(string service, int number = 1) =>
        Assert.Single(await ContainersAsync(service), c => c.Number == number);

    /// <summary>Cuts a container off from all others.</summary>
    public Task DisconnectAsync(ContainerState container) =>
        DockerAsync("network", "disconnect", Network, container.Id);

    /// <summary>
    /// Heals that; nothing happens where it is connected. The engine knows the container by its id again by itself, by
    /// its service only when told.
    /// </summary>
    public Task ReconnectAsync(ContainerState container) => _engine.DockerAsync(
        Patience, "network", "connect", "--alias", container.Service, Network, container.Id);

    public async Task<string> LogsAsync(ContainerState container, int lines)
    {
        var outcome = await _engine.DockerAsync(
            Patience, "logs", "--tail", lines.ToString(CultureInfo.InvariantCulture), container.Id);
        return outcome.Error + outcome.Out;
    }

    private static List<int> FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(l => l.Start());
        var ports = listeners.ConvertAll(l => ((IPEndPoint)l.LocalEndpoint).Port);
        listeners.ForEach(l => l.Stop());
        return ports;
    }

    private static bool IsAlive(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return !found.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, "Stockpile.slnx")))
            folder = folder.Parent;
        return folder?.FullName
            ?? throw new DirectoryNotFoundException($"no Stockpile.slnx above {AppContext.BaseDirectory}");
    }
}
