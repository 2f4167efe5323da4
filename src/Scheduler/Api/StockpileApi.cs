using Prometheus;
using Stockpile.Scheduler.Api.Access;
using Stockpile.Scheduler.Api.Endpoints;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Scheduler.Api;

/// <summary>
/// The HTTP API over the <c>IStockpileGateway</c> of the container:
/// <c>builder.Services.AddStockpileApi(options)</c>, then <c>app.MapStockpileApi()</c>.
/// </summary>
public static class StockpileApi
{
    public const string Prefix = "/api/v1";

    /// <summary>Registers all but the gateway, which the caller adds.</summary>
    public static IServiceCollection AddStockpileApi(this IServiceCollection services, ApiOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        services.AddAccess();
        services.AddAnswerTimeouts(options.AnswerTimeout);
        services.AddSingleton(options);
        services.AddSingleton(options.Tokens);
        services.AddSingleton<Admission>();
        services.AddSingleton<ApiMetrics>();
        services.AddSingleton<EventEndpoints>();
        services.AddRouting();
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        services.AddOpenApi("v1", openApi => openApi.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new() { Title = "Stockpile", Version = "v1" };
            // The address the document was asked under says nothing of how others reach it.
            document.Servers?.Clear();
            return Task.CompletedTask;
        }));
        return services;
    }

    /// <summary>Adds the error form and all routes: API, OpenAPI, health, metrics and the dashboard.</summary>
    public static WebApplication MapStockpileApi(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseMiddleware<ProblemMiddleware>();
        // Routing must follow the middleware above, or it would not see what the router refuses.
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        // Who may not come in takes no place at the door from those who may.
        app.UseMiddleware<AdmissionMiddleware>();
        app.UseRequestTimeouts();
        var api = app.MapGroup(Prefix);
        api.MapJobs();
        api.MapNodes();
        api.MapFleet();
        api.MapAudit();
        var events = app.Services.GetRequiredService<EventEndpoints>();
        api.MapGet("/events", events.Stream).WithSummary("Server-sent events: cells after each round")
            .Produces(StatusCodes.Status200OK, contentType: "text/event-stream")
            .DisableRequestTimeout();
        app.MapOpenApi();
        app.MapHealth();
        app.MapDashboard();
        app.MapMetrics("/metrics", app.Services.GetRequiredService<ApiMetrics>().Registry);
        return app;
    }
}
