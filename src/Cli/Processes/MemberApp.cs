using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Configuration;
using Akka.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;
using Stockpile.Cli.Local;
using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Hosting;
using Stockpile.Hosting.Configuration;
using Stockpile.Inspect.Hosting;
using Stockpile.Inspect.Server;
using Stockpile.Protocol.Mapping;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Cli.Processes;

/// <summary>What every process of a cluster is built from, whichever roles it has.</summary>
internal static class MemberApp
{
    /// <summary>
    /// How long a process that is told to stop may take: its cells hand over and it leaves the cluster. Containers are
    /// given more (compose.yaml), and the phases of Akka's coordinated shutdown together take less.
    /// </summary>
    public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(30);

    /// <param name="url">Where HTTP is answered; null: nowhere.</param>
    public static WebApplicationBuilder CreateBuilder(string? url, Serilog.ILogger log)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.WebHost.UseKestrelCore();
        if (url is null)
        {
            // A server that listens nowhere: the demo needs none, and no port may be in its way.
            builder.Services.AddSingleton<Microsoft.AspNetCore.Hosting.Server.IServer, NoServer>();
        }
        else
        {
            builder.WebHost.UseUrls(url);
            builder.WebHost.ConfigureKestrel(k => k.Limits.MaxRequestBodySize = Limits.HttpBodyBytesMax);
        }

        builder.Services.AddSerilog(log, dispose: true);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = ShutdownTimeout);
        return builder;
    }

    /// <summary>The actor system as a member of the cluster with the given roles.</summary>
    /// <param name="pbm">Where Petabridge.Cmd listens, in a build that has it; null: nowhere.</param>
    public static void AddMember(
        this IServiceCollection services, Config config, string[] roles, Action<AkkaConfigurationBuilder> actors,
        ListenAddress? pbm = null) =>
        services.AddAkka(StockpileConfig.SystemName, (akka, provider) =>
        {
            actors(akka
                .AddHocon(config, HoconAddMode.Prepend)
                .ConfigureLoggers(loggers =>
                {
                    loggers.ClearLoggers();
                    loggers.AddLoggerFactory();
                })
                .WithClustering(new ClusterOptions { Roles = roles }));
#if PETABRIDGE_CMD
            if (pbm is not null)
                Pbm.PetabridgeCmdHosting.WithPetabridgeCmd(akka, pbm.Host, pbm.Port,
                    () => provider.GetRequiredService<Inspect.Catalogue.CommandRunner>());
#endif
        });

    /// <summary>The gateway to the cells and the HTTP API over it; the router must run in this process.</summary>
    public static void AddSchedulerApi(this IServiceCollection services, CellOptions cells)
    {
        services.AddSingleton(provider => new JournalReader(provider.GetRequiredService<ActorSystem>(), cells));
        services.AddSingleton<IStockpileGateway>(provider => new Gateway(
            provider.GetRequiredService<IRequiredActor<RouterActor>>(), provider.GetRequiredService<JournalReader>()));
        services.AddStockpileApi(new ApiOptions
        {
            Catalog = cells.Catalog,
            Validate = spec => JobValidator.Validate(spec, cells.Catalog, cells.Policy),
            ToWire = spec => spec.ToWire(),
            FromWire = msg => msg.FromWire(),
        });
    }

    /// <summary>Starts; a port that is taken is one line.</summary>
    /// <exception cref="CliException">The address cannot be bound.</exception>
    public static async Task StartOrRefuseAsync(this WebApplication app, string? url, CancellationToken cancel)
    {
        try
        {
            await app.StartAsync(cancel);
        }
        catch (IOException fault)
        {
            await app.DisposeAsync();
            throw new CliException(ExitCodes.Refused, $"cannot listen on {url}: {fault.Message}");
        }
        catch (InspectorBindException fault)
        {
            await app.DisposeAsync();
            throw new CliException(ExitCodes.Refused, fault.Message);
        }
    }

    public static LoggerConfiguration Log(InspectorLog log) => new LoggerConfiguration()
        .MinimumLevel.ControlledBy(log.Level)
        .WriteTo.Sink(log.Tail)
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning);
}
