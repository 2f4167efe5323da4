using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Remote.Transport.DotNetty;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;
using Stockpile.Core.Fleets;
using Stockpile.Hosting.Access;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Processes;
using Stockpile.Inspect.Hosting;
using Stockpile.Inspect.Server;
using Stockpile.Protocol.Mapping;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Process;
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

    /// <param name="http">Where HTTP is answered; null: nowhere.</param>
    /// <exception cref="Formats.Hocon.InputException">The certificate cannot be used.</exception>
    public static WebApplicationBuilder CreateBuilder(HttpSettings? http, Serilog.ILogger log)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.WebHost.UseKestrelCore();
        if (http is null)
        {
            // A server that listens nowhere: the demo needs none, and no port may be in its way.
            builder.Services.AddSingleton<Microsoft.AspNetCore.Hosting.Server.IServer, NoServer>();
        }
        else
        {
            builder.WebHost.UseUrls(http.Address.ToString());
            builder.WebHost.ConfigureKestrel(server => server.UseLimits());
            if (http.Certificate.IsSet) builder.WebHost.UseCertificate(http.Certificate.Load(TimeProvider.System));
        }

        builder.Services.AddSerilog(log, dispose: true);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = ShutdownTimeout);
        return builder;
    }

    private static void UseCertificate(this ConfigureWebHostBuilder web, LoadedCertificate certificate)
    {
        web.UseKestrelHttpsConfiguration();
        web.ConfigureKestrel(server => server.ConfigureHttpsDefaults(https =>
        {
            https.ServerCertificate = certificate.Leaf;
            https.ServerCertificateChain = certificate.Chain;
        }));
    }

    /// <summary>The actor system as a member of the cluster with the given roles.</summary>
    /// <param name="pbm">Where Petabridge.Cmd listens, in a build that has it; null: nowhere.</param>
    /// <param name="tls">Between members; null: none.</param>
    public static void AddMember(
        this IServiceCollection services, Config config, string[] roles, Action<AkkaConfigurationBuilder> actors,
        ListenAddress? pbm = null, DotNettySslSetup? tls = null) =>
        services.AddAkka(StockpileConfig.SystemName, (akka, provider) =>
        {
            actors(akka
                .AddHocon(config, HoconAddMode.Prepend)
                .WithMemberTls(tls)
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
    public static void AddSchedulerApi(this IServiceCollection services, CellOptions cells, AccessTokens tokens)
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
            Tokens = tokens,
        });
    }

    /// <summary>Says so where whoever reaches the port of Akka.Remote may do what a member may.</summary>
    public static void WarnOfOpenMember(this WebApplication app, MemberSettings member)
    {
        if (member.IsOpen)
            app.Logger.LogWarning("Akka.Remote listens on {Host}:{Port} without TLS: whoever reaches it may do what a "
                + "member may; keep it in a network of its own or set stockpile.cluster.tls",
                member.Hostname, member.Port);
    }

    /// <summary>Starts; a port that is taken is one line.</summary>
    /// <exception cref="CliException">The address cannot be bound.</exception>
    public static async Task StartOrRefuseAsync(this WebApplication app, HttpAddress? address, CancellationToken cancel)
    {
        try
        {
            await app.StartAsync(cancel);
        }
        catch (IOException fault)
        {
            await app.DisposeAsync();
            throw new CliException(ExitCodes.Refused, $"cannot listen on {address}: {fault.Message}");
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
