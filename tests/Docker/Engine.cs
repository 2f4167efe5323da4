using System.ComponentModel;

namespace Stockpile.Docker.Tests;

/// <summary>The Docker engine and the Compose that this machine has.</summary>
internal sealed class Engine
{
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(30);
    private static readonly Dictionary<string, string> NoVariables = [];

    private readonly string _docker;
    private readonly string[] _compose;

    private Engine(string docker, params string[] compose) => (_docker, _compose) = (docker, compose);

    /// <summary>The engine; or null, and why there is none.</summary>
    public static async Task<(Engine? Engine, string Why)> FindAsync()
    {
        if (await ProbeAsync("docker", "version") is { } dead) return (null, $"no Docker engine answers: {dead}");
        if (await ProbeAsync("docker", "compose", "version") is null)
            return (new Engine("docker", "docker", "compose"), "");
        if (await ProbeAsync("docker-compose", "version") is null) return (new Engine("docker", "docker-compose"), "");
        return (null, "neither docker compose nor docker-compose is installed");
    }

    public Task<Outcome> DockerAsync(TimeSpan limit, params IEnumerable<string> args) =>
        Shell.RunAsync(_docker, args, NoVariables, limit);

    public Task<Outcome> ComposeAsync(
        TimeSpan limit, IReadOnlyDictionary<string, string> environment, IEnumerable<string> args) =>
        Shell.RunAsync(_compose[0], [.. _compose.Skip(1), .. args], environment, limit);

    /// <summary>Null when it answers, else why not.</summary>
    private static async Task<string?> ProbeAsync(string program, params string[] args)
    {
        try
        {
            var outcome = await Shell.RunAsync(program, args, NoVariables, ProbePatience);
            return outcome.ExitCode == 0 ? null : outcome.Error.Trim();
        }
        catch (Win32Exception fault)
        {
            return $"{program}: {fault.Message}";
        }
    }
}
