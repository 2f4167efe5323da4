using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Server;
using Stockpile.Inspect.Tests.Catalogue;

namespace Stockpile.Inspect.Tests.Server;

/// <summary>A server on a free port over the sample catalogue and a command that streams.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    private readonly InspectorServer _server;

    public ServerHost(TimeSpan? idle = null)
    {
        var catalogue = Samples.Create(new Palette("log", "Log", [
            new("tail", "Streams", [], TailAsync) { Streams = true },
        ]));
        var runner = new CommandRunner(catalogue, new FakeMembers());
        var options = new InspectorOptions(Port: 0) { Idle = idle ?? TimeSpan.FromMinutes(1) };
        _server = new InspectorServer(() => runner, options, NullLogger<InspectorServer>.Instance);
    }

    /// <summary>Ends when a streaming command was cancelled.</summary>
    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Port => _server.EndPoint!.Port;

    public static async Task<ServerHost> StartAsync(TimeSpan? idle = null)
    {
        var host = new ServerHost(idle);
        await host._server.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    public Task<Wire> ConnectAsync() => Wire.ConnectAsync(Port);

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(CancellationToken.None);
        _server.Dispose();
    }

    private async Task TailAsync(CommandCall call, IAnswer answer, CancellationToken cancel)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                await answer.LineAsync($"line {i}", new { Number = i });
                await Task.Delay(TimeSpan.FromMilliseconds(5), cancel);
            }
        }
        finally
        {
            Cancelled.TrySetResult();
        }
    }
}

/// <summary>A raw connection.</summary>
internal sealed class Wire : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TcpClient _tcp = new();
    private StreamReader _reader = null!;

    public static async Task<Wire> ConnectAsync(int port)
    {
        var wire = new Wire();
        await wire._tcp.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken);
        wire._reader = new StreamReader(wire._tcp.GetStream());
        return wire;
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(byte[] bytes) =>
        await _tcp.GetStream().WriteAsync(bytes, TestContext.Current.CancellationToken);

    public Task RunAsync(params string[] args) => SendAsync(JsonSerializer.Serialize(new { v = 1, args }) + "\n");

    /// <summary>The next reply; null: the server closed.</summary>
    public async Task<JsonElement?> ReadAsync()
    {
        var line = await _reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
        return line is null ? null : JsonSerializer.Deserialize<JsonElement>(line);
    }

    /// <summary>Replies up to the last one of a command.</summary>
    public async Task<List<JsonElement>> ReadAllAsync()
    {
        var all = new List<JsonElement>();
        while (await ReadAsync() is { } reply)
        {
            all.Add(reply);
            Assert.True(all.Count < 5_000, "the command does not end");
            if (reply.TryGetProperty("exit", out _)) break;
        }

        return all;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _tcp.Dispose();
    }
}
