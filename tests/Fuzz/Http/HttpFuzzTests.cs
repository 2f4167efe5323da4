using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Stockpile.Core.Fleets;
using Stockpile.Fuzz.Tests.Files;
using Stockpile.Fuzz.Tests.Harness;
using Stockpile.Protocol.Mapping;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Fuzz.Tests.Http;

/// <summary>
/// The whole API over a real cell: every request is served or refused with a problem that says what is wrong, never
/// with a fault of the server, and what was refused has changed nothing.
/// </summary>
public sealed class HttpFuzzTests
{
    [Fact]
    public async Task Requests_are_served_or_refused()
    {
        var gateway = new CoreGateway();
        using var server = new DirectServer();
        await using var app = Build(gateway, builder => builder.Services.AddSingleton<IServer>(server));
        await app.StartAsync(TestContext.Current.CancellationToken);
        await new FuzzRun<DirectRequest>("http", Cases.Http, RequestMutator.Next, async request =>
        {
            gateway.KeepSmall();
            var before = gateway.Digest();
            var reply = await server.SendAsync(request);
            var accepted = IsServed(reply, request.Method == "HEAD");
            if (!accepted && gateway.Digest() != before)
                throw new InvalidOperationException($"a refused request changed the cell: {reply.Text}");
            return accepted;
        })
        {
            SizeOf = request => request.Body.Length + request.Path.Length + request.Query.Length,
            Show = request => request.ToString(),
            AllocatedBytesBase = 16 * 1024 * 1024,
        }.RunAsync();
    }

    public static WebApplication Build(IStockpileGateway gateway, Action<WebApplicationBuilder> server)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        server(builder);
        builder.Services.AddSingleton(gateway);
        builder.Services.AddStockpileApi(new ApiOptions
        {
            Catalog = Seeds.Catalog,
            Validate = spec => JobValidator.Validate(spec, Seeds.Catalog, Seeds.Policy),
            ToWire = JobSpecMapping.ToWire,
            FromWire = JobSpecMapping.FromWire,
        });
        var app = builder.Build();
        app.MapStockpileApi();
        return app;
    }

    /// <summary>Whether it was served; a refusal must be a problem that a person understands.</summary>
    private static bool IsServed(DirectReply reply, bool isHead)
    {
        if (reply.Status is < 200 or >= 500)
            throw new InvalidOperationException($"answered {reply.Status}: {reply.Text}");
        if (reply.Status < 300) return true;
        if (isHead) return false;
        if (reply.Type != "application/problem+json")
            throw new InvalidOperationException($"{reply.Status} is a {reply.Type}: {reply.Text}");
        var problem = JsonSerializer.Deserialize<JsonElement>(reply.Body);
        if (problem.GetProperty("status").GetInt32() != reply.Status)
            throw new InvalidOperationException($"the problem is of another status: {reply.Text}");
        Clear.Line(problem.GetProperty("detail").GetString()!);
        return false;
    }
}
