using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Serilog;
using Serilog.Events;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Access;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Processes;
using Stockpile.Inspect.Hosting;
using Stockpile.Inspect.Server;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Hosting;
using Stockpile.Scheduler.Process;

namespace Stockpile.Cli.Processes;

/// <summary>One scheduler of a cluster: cells, router and HTTP API.</summary>
internal static class SchedulerProcess
{
    public static async Task<int> RunAsync(CliContext context, SettingLayers layers, CancellationToken cancel)
    {
        var settings = LocalInput.OrRefuse(() => ProcessSettings.Read(layers));
        var http = LocalInput.OrRefuse(() => HttpSettings.ReadForApi(layers));
        var tls = LocalInput.OrRefuse(() => MemberTls.Load(settings.Member.Tls, TimeProvider.System));
        var catalog = LocalInput.OrRefuse(() => CatalogFile.Read(settings.Accelerators));
        var policy = LocalInput.OrRefuse(() => PolicyFile.Read(settings.Policy, catalog));
        await using var journal = await LocalInput.OrRefuseAsync(() => OpenedJournal.OpenAsync(
            settings.Journal, layers, settings.Speed, cancel));
        layers.UseMember(settings.Member);
        var cells = new CellOptions(catalog, policy, journal.Clock, TimeProvider.System);
        var log = MemberInspector.Log(Enum.Parse<LogEventLevel>(settings.LogLevel, ignoreCase: true));
        var builder = LocalInput.OrRefuse(() => MemberApp.CreateBuilder(http, ProcessLog.ToStandardError(log)));
        builder.Services.AddMember(layers.ToAkka(), [SchedulerHostingExtensions.Role], akka => akka
            .WithStockpileScheduler(cells)
            .WithStockpileInspector()
            .WithActors((system, _) => system.ActorOf(ClockActor.Props(journal.Clock), ClockActor.ActorName))
            .AddStartup((system, _) => JoinItselfWithoutSeeds(system, settings.Member)),
            settings.Petabridge, tls);
        builder.Services.AddSchedulerApi(cells, http.Tokens);
        builder.Services.AddInspector(
            LocalInput.OrRefuse(() => MemberInspector.Options(settings.Inspector, http)), log, policy);
        var app = builder.Build();
        app.MapStockpileApi();
        app.WarnOfOpenMember(settings.Member);
        await app.StartOrRefuseAsync(http.Address, cancel);
        var self = Cluster.Get(app.Services.GetRequiredService<ActorSystem>()).SelfAddress;
        context.Out.WriteLine($"scheduler {self}  {string.Join(" ", app.Urls)}");
        await context.Out.FlushAsync(cancel);
        return await RunningProcess.UntilStoppedAsync(app, context, cancel);
    }

    private static void JoinItselfWithoutSeeds(ActorSystem system, MemberSettings member)
    {
        if (member.Seeds.Count > 0) return;
        var cluster = Cluster.Get(system);
        cluster.Join(cluster.SelfAddress);
    }
}
