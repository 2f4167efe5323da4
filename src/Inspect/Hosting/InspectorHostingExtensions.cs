using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serilog.Core;
using Stockpile.Inspect.Agent;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Logs;
using Stockpile.Inspect.Palettes;
using Stockpile.Inspect.Server;
using Stockpile.Scheduler.Hosting;

namespace Stockpile.Inspect.Hosting;

/// <summary>The log of a process as the inspector sees it: give both to the process's logger.</summary>
public sealed record InspectorLog(LogTail Tail, LoggingLevelSwitch Level);

/// <summary>Puts the inspector into a process.</summary>
public static class InspectorHostingExtensions
{
    /// <summary>How long another member may take to say that it has a command; real time.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Starts the agent at <c>/user/inspector</c>, registered under <see cref="InspectorAgent"/>; it runs what
    /// <see cref="AddStockpileInspector"/> adds to the same services.
    /// </summary>
    public static AkkaConfigurationBuilder WithStockpileInspector(this AkkaConfigurationBuilder akka) =>
        akka.WithActors((system, registry, resolver) =>
        {
            var runner = new Lazy<CommandRunner>(() => resolver.GetService<CommandRunner>());
            registry.Register<InspectorAgent>(system.ActorOf(
                InspectorAgent.Props(() => runner.Value).WithDispatcher(SchedulerHostingExtensions.RequestDispatcher),
                InspectorAgent.ActorName));
        });

    /// <summary>Adds the catalogue, whatever runs its commands, and the server.</summary>
    /// <param name="log">Whose lines <c>log</c> shows.</param>
    /// <param name="ofSchedulers">
    /// Palettes that only a scheduler can answer. Every member needs them for help and completion; one that is no
    /// scheduler forwards their commands, so there they need nothing to answer from.
    /// </param>
    public static IServiceCollection AddStockpileInspector(
        this IServiceCollection services, InspectorOptions options, InspectorLog log,
        Func<IServiceProvider, IReadOnlyList<Palette>> ofSchedulers)
    {
        services.AddSingleton<IMembers>(provider =>
        {
            var system = provider.GetRequiredService<ActorSystem>();
            return new ClusterMembers(system, ActorRegistry.For(system).Get<InspectorAgent>(), AnswerTimeout);
        });
        services.AddSingleton(provider =>
        {
            var system = provider.GetRequiredService<ActorSystem>();
            var members = provider.GetRequiredService<IMembers>();
            return new CommandCatalogue([
                .. OfEveryMember(system, members, log),
                .. ofSchedulers(provider).Select(NeedingScheduler),
            ]);
        });
        services.AddSingleton<CommandRunner>();
        services.AddSingleton(provider => new InspectorServer(
            provider.GetRequiredService<CommandRunner>, options, provider.GetRequiredService<ILoggerFactory>()));
        services.AddHostedService(provider => provider.GetRequiredService<InspectorServer>());
        return services;
    }

    /// <summary>The palettes that every member answers about itself.</summary>
    public static IReadOnlyList<Palette> OfEveryMember(ActorSystem system, IMembers members, InspectorLog log) =>
    [
        ClusterPalette.Create(system),
        ShardingPalette.Create(system, members),
        ActorPalette.Create(system, members),
        LogPalette.Create(system, log.Tail, log.Level),
        SystemPalette.Create(system),
    ];

    /// <summary>A palette whose commands another member than a scheduler forwards.</summary>
    public static Palette NeedingScheduler(Palette palette) => palette with
    {
        Commands = [.. palette.Commands.Select(command => command with { NeedsScheduler = true })],
    };
}
