using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Stockpile.Fuzz.Tests.Http;

/// <summary>What a case sends, as the server has it after reading the request line and the headers.</summary>
internal sealed record DirectRequest(
    string Method, string Path, string Query, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body)
{
    public override string ToString() =>
        $"{Method} {Path}{Query}\n{string.Concat(Headers.Select(h => $"{h.Name}: {h.Value}\n"))}\n"
        + Encoding.UTF8.GetString(Body);
}

internal sealed record DirectReply(int Status, string Type, string? RetryAfter, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);
}

/// <summary>
/// A web server without a socket: it hands requests to the application on the caller's thread, so that what a request
/// allocates can be measured, and tens of thousands take seconds.
/// </summary>
internal sealed class DirectServer : IServer
{
    private Func<IFeatureCollection, Task>? _process;

    public IFeatureCollection Features { get; } = new FeatureCollection();

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        _process = async features =>
        {
            var context = application.CreateContext(features);
            await application.ProcessRequestAsync(context);
            application.DisposeContext(context, null);
        };
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        // It holds nothing.
    }

    public async Task<DirectReply> SendAsync(DirectRequest sent)
    {
        var headers = new HeaderDictionary();
        foreach (var (name, value) in sent.Headers) headers.Append(name, value);
        if (sent.Body.Length > 0) headers.ContentLength = sent.Body.Length;
        using var body = new MemoryStream();
        var response = new HttpResponseFeature { Body = body };
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = sent.Method,
            Path = sent.Path,
            QueryString = sent.Query,
            Protocol = "HTTP/1.1",
            Scheme = "http",
            Headers = headers,
            Body = new MemoryStream(sent.Body),
        });
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(body));
        await _process!(features);
        return new DirectReply(response.StatusCode, response.Headers.ContentType.ToString(),
            response.Headers.RetryAfter, body.ToArray());
    }
}
