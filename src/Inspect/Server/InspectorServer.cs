using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Stockpile.Core;
using Stockpile.Hosting.Access;
using Stockpile.Inspect.Catalogue;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Api.Access;

namespace Stockpile.Inspect.Server;

/// <summary>Where the inspector listens, and to whom.</summary>
/// <param name="Host">An address or a name of this machine.</param>
/// <param name="Port">0 picks a free one.</param>
/// <param name="Required">Whether a port that is taken keeps the process from starting.</param>
public sealed record InspectorOptions(
    string Host = InspectorOptions.HostDefault, int Port = InspectorOptions.PortDefault, bool Required = true)
{
    public const string HostDefault = "127.0.0.1";
    public const int PortDefault = 9110;

    /// <summary>Who may do what; none: whoever gets here may do everything.</summary>
    public AccessTokens Tokens { get; init; } = AccessTokens.None;

    /// <summary>Null: no TLS.</summary>
    public LoadedCertificate? Certificate { get; init; }

    public override string ToString() => $"{Host}:{Port}";
}

/// <summary>The inspector cannot listen; the message is one line.</summary>
public sealed class InspectorBindException(string message, Exception inner) : Exception(message, inner);

/// <summary>
/// Serves <see cref="InspectorEndpoint"/> as long as the process runs. A web server of its own, with bounds of its own,
/// so that it answers when the API is overrun.
/// </summary>
public sealed class InspectorServer(
    Func<CommandRunner> runner, InspectorOptions options, ILoggerFactory loggers) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(2);

    private readonly ILogger _log = loggers.CreateLogger<InspectorServer>();
    private WebApplication? _app;

    /// <summary>Where it listens, with the port that was free for 0; null: nowhere.</summary>
    public IPEndPoint? EndPoint { get; private set; }

    /// <summary>The same as users write it; null: nowhere.</summary>
    public string? Address => EndPoint is { } at ? (options.Certificate is null ? $"{at}" : $"https://{at}") : null;

    /// <summary>Why it does not listen; null: it does, or has not been started.</summary>
    public string? Fault { get; private set; }

    /// <exception cref="InspectorBindException">It cannot listen, and the options require it.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            _app = Build(new IPEndPoint(await FindAsync(cancellationToken), options.Port));
            await _app.StartAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            Fault = $"the inspector cannot listen on {options}: {(fault.InnerException ?? fault).Message}";
            if (options.Required) throw new InspectorBindException(Fault, fault);
            _log.LogWarning("{Fault}; this member runs without it", Fault);
            return;
        }

        EndPoint = IPEndPoint.Parse(new Uri(_app.Urls.Single()).Authority);
        _log.LogInformation("inspector on {EndPoint}", EndPoint);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (EndPoint is null) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StopTimeout);
        await _app!.StopAsync(limit.Token);
    }

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>The web server itself would take a name for every address of the machine.</summary>
    private async Task<IPAddress> FindAsync(CancellationToken cancel) =>
        IPAddress.TryParse(options.Host.Trim('[', ']'), out var address)
            ? address
            : (await Dns.GetHostAddressesAsync(options.Host, cancel))[0];

    private WebApplication Build(IPEndPoint at)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.UseLimits();
            // Those above the number of commands are told that there are too many.
            server.Limits.MaxConcurrentConnections = 2 * InspectLimits.ConnectionsMax;
            server.Limits.MinResponseDataRate = new MinDataRate(
                bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(InspectLimits.WriteSecondsMax));
            server.Listen(at, Listen);
        });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(options.Tokens);
        builder.Services.AddRouting();
        builder.Services.AddAccess();
        builder.Services.AddSingleton(provider => new InspectorEndpoint(
            runner, provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping));
        var app = builder.Build();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapPost(InspectorEndpoint.Path, app.Services.GetRequiredService<InspectorEndpoint>().AnswerAsync)
            .Needs(AccessRole.Viewer);
        app.MapFallback(http => ProblemResult.Of(StatusCodes.Status404NotFound, Refusal.NotFound,
            $"there is nothing here; allowed: POST {InspectorEndpoint.Path}").ExecuteAsync(http));
        return app;
    }

    private void Listen(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        if (options.Certificate is { } certificate)
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = certificate.Leaf, ServerCertificateChain = certificate.Chain,
            });
    }
}
