using System.Globalization;
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

    /// <summary>One service does its work at the start and ends.</summary>
    public bool IsWhole => Service == ClusterFixture.TokensService
        ? Status == "exited" && ExitCode == 0
        : Status == "running" && Health is "healthy";

    public static IReadOnlyList<ContainerState> Parse(string inspected)
    {
        using var json = JsonDocument.Parse(inspected);
        return [.. json.RootElement.EnumerateArray().Select(Read).OrderBy(c => c.Service).ThenBy(c => c.Number)];
    }

    private static ContainerState Read(JsonElement container)
    {
        var (state, labels) = (At(container, "State"), At(At(container, "Config"), "Labels"));
        return new ContainerState(
            At(container, "Id").GetString()!,
            At(labels, "com.docker.compose.service").GetString()!,
            int.Parse(At(labels, "com.docker.compose.container-number").GetString()!, CultureInfo.InvariantCulture),
            At(state, "Status").GetString()!,
            TryAt(state, "Health", out var health) ? At(health, "Status").GetString()! : "",
            At(state, "ExitCode").GetInt32(),
            At(container, "RestartCount").GetInt32(),
            At(state, "OOMKilled").GetBoolean(),
            At(At(container, "HostConfig"), "ReadonlyRootfs").GetBoolean());
    }

    private static bool TryAt(JsonElement element, string key, out JsonElement found) =>
        element.TryGetProperty(key, out found);

    private static JsonElement At(JsonElement element, string key) => element.GetProperty(key);
}
