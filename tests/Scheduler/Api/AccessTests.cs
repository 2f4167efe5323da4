using System.Net;
using System.Net.Http.Headers;
using Stockpile.Core;
using Stockpile.Hosting.Access;

namespace Stockpile.Scheduler.Tests.Api;

/// <summary>Who may do what over HTTP.</summary>
public sealed class AccessTests : IAsyncLifetime
{
    private const string Viewer = "viewer-0123456789abcdef";
    private const string Submitter = "submitter-0123456789abcdef";
    private const string Operator = "operator-0123456789abcdef";

    /// <summary>Everything there is, with the least role that may: null is open to all.</summary>
    private static readonly (string Method, string Path, AccessRole? Least)[] Routes =
    [
        ("POST", "/api/v1/jobs", AccessRole.Submitter),
        ("POST", "/api/v1/jobs/batch", AccessRole.Submitter),
        ("GET", "/api/v1/jobs", AccessRole.Viewer),
        ("GET", "/api/v1/jobs/{id}", AccessRole.Viewer),
        ("DELETE", "/api/v1/jobs/{id}", AccessRole.Submitter),
        ("GET", "/api/v1/jobs/{id}/why", AccessRole.Viewer),
        ("GET", "/api/v1/jobs/{id}/history", AccessRole.Viewer),
        ("GET", "/api/v1/nodes", AccessRole.Viewer),
        ("GET", "/api/v1/nodes/{id}", AccessRole.Viewer),
        ("POST", "/api/v1/nodes/{id}/drain", AccessRole.Operator),
        ("POST", "/api/v1/nodes/{id}/resume", AccessRole.Operator),
        ("POST", "/api/v1/nodes/{id}/fault", AccessRole.Operator),
        ("GET", "/api/v1/fleet", AccessRole.Viewer),
        ("GET", "/api/v1/cells", AccessRole.Viewer),
        ("GET", "/api/v1/audit", AccessRole.Viewer),
        ("GET", "/api/v1/events", AccessRole.Viewer),
        ("GET", "/openapi/v1.json", AccessRole.Viewer),
        ("GET", "/metrics", AccessRole.Viewer),
        ("GET", "/healthz/live", null),
        ("GET", "/healthz/ready", null),
        ("GET", "/", null),
        // What nobody answers: who has no token learns nothing of what there is, nor may a viewer try.
        ("GET", "/api/v1/nothing", AccessRole.Viewer),
        ("PUT", "/api/v1/nothing", AccessRole.Operator),
    ];

    private ApiHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await ApiHost.StartAsync(new AccessTokens([
            ("watcher", AccessRole.Viewer, Viewer), ("ci", AccessRole.Submitter, Submitter),
            ("admin", AccessRole.Operator, Operator),
        ]));
        _host.Gateway.Cells.Add(ApiHost.Cell());
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_stranger_takes_no_place_at_a_full_door_and_is_told_to_show_a_token()
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _host.Gateway.Until = held.Task;
        var asked = Enumerable.Range(0, SchedulerLimits.JournalReadsInFlightMax + 1)
            .Select(_ => AskAsync(Viewer)).ToList();
        Assert.Equal(HttpStatusCode.TooManyRequests, await await Task.WhenAny(asked));

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(null));

        held.SetResult();
        Assert.Single(await Task.WhenAll(asked), status => status == HttpStatusCode.TooManyRequests);

        async Task<HttpStatusCode> AskAsync(string? token)
        {
            using var response = await SendAsync("GET", "/api/v1/jobs/north-1/history", token);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Every_request_needs_the_role_it_should_and_a_lesser_one_is_told_which()
    {
        foreach (var (method, path, least) in Routes)
            foreach (var (token, role) in new (string?, AccessRole?)[]
            {
                (null, null), (Viewer, AccessRole.Viewer), (Submitter, AccessRole.Submitter),
                (Operator, AccessRole.Operator),
            })
            {
                using var response = await SendAsync(method, path.Replace("{id}", "north-1"), token);
                var what = $"{method} {path} as {role?.ToString() ?? "nobody"}: {(int)response.StatusCode}";
                if (least is null || role >= least)
                {
                    Assert.False(response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, what);
                    continue;
                }

                Assert.True(response.StatusCode == (role is null
                    ? HttpStatusCode.Unauthorized
                    : HttpStatusCode.Forbidden), what);
                Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
                var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                if (role is not null) Assert.Contains($"the role {least}".ToLowerInvariant(), body);
                else Assert.Equal("Bearer realm=\"stockpile\"", $"{response.Headers.WwwAuthenticate}");
            }

        Assert.Empty(_host.Gateway.Submitted);
    }

    [Fact]
    public async Task The_table_above_leaves_no_route_out()
    {
        _host.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Viewer);
        var document = await _host.Http.SendAsync("GET", "/openapi/v1.json");

        var routes = document.Json.GetProperty("paths").EnumerateObject()
            .SelectMany(p => p.Value.EnumerateObject().Select(m => $"{m.Name.ToUpperInvariant()} {p.Name}"))
            .Order().ToList();

        Assert.Equal(routes, Routes.Select(r => $"{r.Method} {r.Path}")
            .Where(r => r.Contains("/api/", StringComparison.Ordinal)
                && !r.EndsWith("nothing", StringComparison.Ordinal))
            .Order());
    }

    [Theory]
    [InlineData("Bearer viewer-0123456789abcdeg")]
    [InlineData("Bearer viewer-0123456789abcde")]
    [InlineData("Bearer viewer-0123456789abcdefX")]
    [InlineData("Bearer VIEWER-0123456789ABCDEF")]
    [InlineData("Bearer")]
    [InlineData("Basic viewer-0123456789abcdef")]
    [InlineData("viewer-0123456789abcdef")]
    public async Task What_is_not_exactly_a_token_is_nobodys(string header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/jobs");
        request.Headers.TryAddWithoutValidation("Authorization", header);
        using var response = await _host.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains("invalid_token", $"{response.Headers.WwwAuthenticate}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_in_the_address_does_not_count()
    {
        using var response = await SendAsync("GET", $"/api/v1/jobs?access_token={Viewer}", null);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Without_tokens_in_the_settings_nobody_is_asked()
    {
        await using var open = await ApiHost.StartAsync();
        using var response = await open.Http.PostAsync(
            "/api/v1/nodes/n1/drain", null, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData("127.0.0.1:8080", true)]
    [InlineData("[::1]:8080", true)]
    [InlineData("localhost", true)]
    [InlineData("pages.example.com:8080", false)]
    [InlineData("127.0.0.1.example.com", false)]
    public async Task Without_tokens_a_page_whose_name_leads_here_is_refused_and_with_them_names_do_not_matter(
        string name, bool isAnswered)
    {
        await using var open = await ApiHost.StartAsync();
        foreach (var (host, expected) in new[] { (open, isAnswered), (_host, true) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/jobs");
            request.Headers.Host = name;
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Viewer);
            using var response = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);

            Assert.Equal(expected ? HttpStatusCode.OK : HttpStatusCode.Forbidden, response.StatusCode);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path, string? token)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        // An event stream has no end, so its head has to do.
        return await _host.Http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }
}
