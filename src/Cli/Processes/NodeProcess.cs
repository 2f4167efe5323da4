using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Serilog.Events;
using Stockpile.Core;
using Stockpile.Formats.Fleets;
using Stockpile.Hosting.Access;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Processes;
using Stockpile.Inspect.Hosting;
using Stockpile.Inspect.Server;
using Stockpile.Node.Hosting;
using Stockpile.Node.Hosts;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Hosting;

namespace Stockpile.Cli.Processes;

/// <summary>One node process of a cluster: a host of simulated nodes.</summary>
internal static class NodeProcess
{
    /// <summary>Role of the members that host nodes.</summary>
    public const string Role = "node";

    public static async Task<int> RunAsync(CliContext context, SettingLayers layers, CancellationToken cancel)
    {
        var settings = LocalInput.OrRefuse(() => ProcessSettings.Read(layers));
        if (settings.Member.Seeds.Count == 0)
            throw new CliException(ExitCodes.Refused,
                "stockpile.cluster.seeds is empty; a node process needs at least one scheduler as host:port");
        var catalog = LocalInput.OrRefuse(() => CatalogFile.Read(settings.Accelerators));
        var name = settings.Host.Name.Length > 0
            ? settings.Host.Name
            : await HostIdentity.FindAsync(settings.Host.Group, context.Error.WriteLine, cancel);
        var nodes = LocalInput.OrRefuse(() => HostNodes.Of(settings.Host, name, catalog, layers));
        layers.UseMember(settings.Member);
        var tls = LocalInput.OrRefuse(() => MemberTls.Load(settings.Member.Tls, TimeProvider.System));
        var log = MemberInspector.Log(Enum.Parse<LogEventLevel>(settings.LogLevel, ignoreCase: true));
        var builder = LocalInput.OrRefuse(() =>
            MemberApp.CreateBuilder(settings.Http, ProcessLog.ToStandardError(log)));
        builder.Services.AddRouting();
        builder.Services.AddMember(layers.ToAkka(), [Role], akka => akka
            .WithStockpileCellsProxy()
            .WithStockpileInspector(), settings.Petabridge, tls);
        builder.Services.AddInspector(
            LocalInput.OrRefuse(() => MemberInspector.Options(settings.Inspector, settings.Http)), log, policy: null);
        var app = builder.Build();
        app.MapGet("/healthz/live", () => Results.Ok(new { status = "live" }));
        app.MapGet("/healthz/ready", () => ReadyAsync(app.Services));
        app.WarnOfOpenMember(settings.Member);
        await app.StartOrRefuseAsync(settings.Http.Address, cancel);
        var system = app.Services.GetRequiredService<ActorSystem>();
        context.Out.WriteLine($"node process {name} {Cluster.Get(system).SelfAddress}: "
            + $"{Wording.Count(nodes.Count, "node")}");
        await context.Out.FlushAsync(cancel);
        using var ended = new CancellationTokenSource();
        _ = system.WhenTerminated.ContinueWith(_ => ended.Cancel(), TaskScheduler.Default);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, ended.Token);
        try
        {
            var clock = await ClockActor.AskAsync(system, either.Token);
            NodeHostingExtensions.StartNodeHost(
                system, ActorRegistry.For(system), name, nodes, catalog, clock,
                ActorRegistry.For(system).Get<CellActor>());
        }
        catch (OperationCanceledException)
        {
            // Told to stop, or put out, before a scheduler answered; what follows says which.
        }

        return await RunningProcess.UntilStoppedAsync(app, context, cancel);
    }

    /// <summary>Ready: every node is admitted by its cell.</summary>
    private static async Task<IResult> ReadyAsync(IServiceProvider services)
    {
        var registry = ActorRegistry.For(services.GetRequiredService<ActorSystem>());
        if (!registry.TryGet<HostActor>(out var host))
            return Unready("no scheduler has answered yet");
        try
        {
            var status = await host.Ask<HostStatus>(GetHostStatus.Instance, TimeSpan.FromSeconds(2));
            // A cell that has never answered has admitted nobody, however early it is asked.
            var waiting = status.Cells.Sum(c => c.Epoch > 0 ? c.NodesUnanswered : c.Nodes);
            return waiting == 0
                ? Results.Ok(new { status = "ready", host = status.Host, nodes = status.Cells.Sum(c => c.Nodes) })
                : Unready($"{Wording.Count(waiting, "node")} {Wording.For(waiting, "is", "are")} not admitted yet");
        }
        catch (AskTimeoutException)
        {
            return Unready("the host does not answer");
        }

        static IResult Unready(string detail) => Results.Json(
            new { status = "starting", detail }, statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
