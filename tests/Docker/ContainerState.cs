using System.Text.Json;

namespace Stockpile.Docker.Tests;

/// <summary>What the engine says of a container.</summary>
/// <param name="Number">That Compose gave it within its service, from 1.</param>
/// <param name="Status">Such as <c>running</c> or <c>exited</c>.</param>
/// <param name="Health">Such as <c>healthy</c>; empty without a health check.</param>
/// <param name="Restarts">How often the restart policy started it again.</param>
internal sealed record ContainerState(
    string Id, string Service, int Number, string Status, string Health, int ExitCode, int Restarts,
    bool OutOfMemory, bool ReadOnly)
{
    public string Name => $"{Service} {Number}";

    public bool IsWhole => Status == "running" && Health is "healthy";

    public static IReadOnlyList<ContainerState> Parse(string inspected)
    {
        using var json = JsonDocument.Parse(inspected);
        return [.. json.RootElement.EnumerateArray().Select(Read).OrderBy(c => c.Service).ThenBy(c => c.Number)];
    }

    private static ContainerState Read(JsonElement c)
    {
        var (state, labels) = (c.GetProperty("State"), c.GetProperty("Config").GetProperty("Labels"));
        return new ContainerState(
            c.GetProperty("Id").GetString()!,
            labels.GetProperty("com.docker.compose.service").GetString()!,
            int.Parse(labels.GetProperty("com.docker.compose.container-number").GetString()!),
            state.GetProperty("Status").GetString()!,
            state.TryGetProperty("Health", out var health) ? health.GetProperty("Status").GetString()! : "",
            state.GetProperty("ExitCode").GetInt32(),
            c.GetProperty("RestartCount").GetInt32(),
            state.GetProperty("OOMKilled").GetBoolean(),
            c.GetProperty("HostConfig").GetProperty("ReadonlyRootfs").GetBoolean());
    }
}
