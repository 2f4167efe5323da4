using Microsoft.Extensions.DependencyInjection;
using Serilog.Core;
using Serilog.Events;
using Stockpile.Core.Fleets;
using Stockpile.Hosting.Access;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Processes;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Hosting;
using Stockpile.Inspect.Logs;
using Stockpile.Inspect.Palettes;
using Stockpile.Inspect.Server;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Cli.Processes;

/// <summary>The inspector in a process of this program.</summary>
internal static class MemberInspector
{
    /// <summary>What the process's logger is built on, so that <c>log</c> can show and set it.</summary>
    public static InspectorLog Log(LogEventLevel least) => new(new LogTail(), new LoggingLevelSwitch(least));

    /// <summary>Where it listens: with the tokens of the API, and beyond this machine with its certificate.</summary>
    /// <param name="required">Whether a port that is taken keeps the process from starting.</param>
    /// <exception cref="Formats.InputException">The certificate cannot be used.</exception>
    public static InspectorOptions Options(ListenAddress at, HttpSettings http, bool required = true) =>
        new(at.Host, at.Port, required)
        {
            Tokens = http.Tokens,
            Certificate = http.Certificate.IsSet && !Loopback.Is(at.Host)
                ? http.Certificate.Load(TimeProvider.System)
                : null,
        };

    /// <summary>The server and its commands; the agent is <c>WithStockpileInspector</c>.</summary>
    /// <param name="policy">Of a process with a gateway to the cells; null: another one answers for the cells.</param>
    public static void AddInspector(
        this IServiceCollection services, InspectorOptions options, InspectorLog log, Policy? policy) =>
        services.AddStockpileInspector(
            options, log, provider => policy is null ? OwnPalettes.Elsewhere() : OfSchedulers(provider, policy));

    private static IReadOnlyList<Palette> OfSchedulers(IServiceProvider provider, Policy policy)
    {
        var access = new ClusterAccess(
            provider.GetRequiredService<IStockpileGateway>(), provider.GetRequiredService<ApiOptions>(), policy,
            provider.GetRequiredService<JournalReader>().LastRoundsAsync);
        return OwnPalettes.Create(() => access);
    }
}
