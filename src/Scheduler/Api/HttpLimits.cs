using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Stockpile.Core;

namespace Stockpile.Scheduler.Api;

/// <summary>The bounds of <see cref="SchedulerLimits"/> in the web server's words.</summary>
public static class HttpLimits
{
    /// <summary>Of requests that read whole journals.</summary>
    internal const string Journal = "journal";

    public static void UseLimits(this KestrelServerOptions server)
    {
        ArgumentNullException.ThrowIfNull(server);
        server.AddServerHeader = false;
        server.Limits.MaxRequestBodySize = SchedulerLimits.HttpBodyBytesMax;
        server.Limits.MaxRequestHeadersTotalSize = SchedulerLimits.HttpHeadersBytesMax;
        server.Limits.MaxRequestHeaderCount = SchedulerLimits.HttpHeadersMax;
        server.Limits.MaxRequestLineSize = SchedulerLimits.HttpRequestLineBytesMax;
        server.Limits.MaxConcurrentConnections = SchedulerLimits.HttpConnectionsMax;
        server.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(SchedulerLimits.HttpHeadersSecondsMax);
        server.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(SchedulerLimits.HttpIdleSecondsMax);
    }

    internal static IServiceCollection AddAnswerTimeouts(this IServiceCollection services, TimeSpan? limit) =>
        services.AddRequestTimeouts(timeouts =>
        {
            timeouts.DefaultPolicy = new RequestTimeoutPolicy
            {
                Timeout = limit ?? TimeSpan.FromSeconds(SchedulerLimits.HttpAnswerSecondsMax),
            };
            timeouts.AddPolicy(Journal, TimeSpan.FromSeconds(SchedulerLimits.HttpJournalSecondsMax));
        });
}
