using Microsoft.Extensions.DependencyInjection;
using Serilog.Core;
using Serilog.Events;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Hosting;
using Stockpile.Inspect.Logs;
using Stockpile.Inspect.Server;

namespace Stockpile.Cli.Processes;

/// <summary>The inspector in a process of this program.</summary>
internal static class MemberInspector
{
    /// <summary>What the process's logger is built on, so that <c>log</c> can show and set it.</summary>
    public static InspectorLog Log(LogEventLevel least) => new(new LogTail(), new LoggingLevelSwitch(least));

    /// <summary>The server and its commands; the agent is <c>WithStockpileInspector</c>.</summary>
    /// <param name="isScheduler">Whether the process has a gateway to the cells.</param>
    public static void AddInspector(
        this IServiceCollection services, InspectorOptions options, InspectorLog log, bool isScheduler) =>
        services.AddStockpileInspector(options, log, provider => OfSchedulers(provider, isScheduler));

    private static IReadOnlyList<Palette> OfSchedulers(IServiceProvider provider, bool isScheduler) => [];
}
