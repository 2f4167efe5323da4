using System.Reflection;

namespace Stockpile.Scheduler.Api.Endpoints;

/// <summary>
/// One page that shows the fleet; it needs nothing from elsewhere. The page is open to all and knows nothing: what it
/// shows it asks for with the token of whoever looks at it.
/// </summary>
internal static class DashboardEndpoints
{
    private static readonly Lazy<string> Page = new(Read);

    public static void MapDashboard(this IEndpointRouteBuilder app) => app.MapGet("/", (HttpResponse response) =>
    {
        // Texts of users are shown here: even if one slipped through as markup, the page may load and send nothing.
        response.Headers.ContentSecurityPolicy =
            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        response.Headers.XContentTypeOptions = "nosniff";
        return Results.Text(Page.Value, "text/html; charset=utf-8");
    }).AllowAnonymous().ExcludeFromDescription();

    private static string Read()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Stockpile.Dashboard.html")
            ?? throw new InvalidOperationException("the dashboard is not in the assembly");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
