using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Stockpile.Core;

namespace Stockpile.Scheduler.Api;

/// <summary>The bounds of <see cref="Limits"/> in the web server's words.</summary>
public static class HttpLimits
{
    /// <summary>Of requests that read whole journals.</summary>
    internal const string Journal = "journal";

    public static void UseLimits(this KestrelServerOptions server)
    {
        ArgumentNullException.ThrowIfNull(server);
        server.AddServerHeader = false;
        server.Limits.MaxRequestBodySize = Limits.HttpBodyBytesMax;
        server.Limits.MaxRequestHeadersTotalSize = Limits.HttpHeadersBytesMax;
        server.Limits.MaxRequestHeaderCount = Limits.HttpHeadersMax;
        server.Limits.MaxRequestLineSize = Limits.HttpRequestLineBytesMax;
        server.Limits.MaxConcurrentConnections = Limits.HttpConnectionsMax;
        server.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(Limits.HttpHeadersSecondsMax);
        server.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(Limits.HttpIdleSecondsMax);
    }

    internal static IServiceCollection AddAnswerTimeouts(this IServiceCollection services, TimeSpan? limit) =>
        services.AddRequestTimeouts(timeouts =>
        {
            timeouts.DefaultPolicy = new RequestTimeoutPolicy
            {
                Timeout = limit ?? TimeSpan.FromSeconds(Limits.HttpAnswerSecondsMax),
            };
            timeouts.AddPolicy(Journal, TimeSpan.FromSeconds(Limits.HttpJournalSecondsMax));
        });
}
