using System.Net.Sockets;
using System.Text.Json;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Server;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Inspect.Client;

/// <summary>The inspector cannot be reached, or what answers there is none; the message is one line.</summary>
public sealed class InspectorUnreachableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>How a call ended.</summary>
/// <param name="Member">Who answered; null: nobody said.</param>
public sealed record InspectEnd(int Exit, string? Error, MemberName? Member);

/// <summary>A connection to an <see cref="InspectorServer"/>; one call after the other.</summary>
public sealed class InspectorClient : IAsyncDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>A command that is cancelled may finish its last line for so long.</summary>
    private static readonly TimeSpan CancelTimeout = TimeSpan.FromSeconds(2);

    /// <summary>A server's line holds one line of text or one row.</summary>
    private const int LineBytesMax = 64 * 1024 * 1024;

    private readonly TcpClient _tcp;
    private readonly NetworkStream _stream;
    private readonly LineReader _reader;
    private readonly string _where;

    private InspectorClient(TcpClient tcp, string where)
    {
        _tcp = tcp;
        _stream = tcp.GetStream();
        _reader = new LineReader(_stream, LineBytesMax);
        _where = where;
    }

    /// <exception cref="InspectorUnreachableException">Nobody listens there.</exception>
    public static async Task<InspectorClient> ConnectAsync(string host, int port, CancellationToken cancel)
    {
        var tcp = new TcpClient { NoDelay = true };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(ConnectTimeout);
        try
        {
            await tcp.ConnectAsync(host, port, limit.Token);
            return new InspectorClient(tcp, $"{host}:{port}");
        }
        catch (SocketException fault)
        {
            tcp.Dispose();
            throw new InspectorUnreachableException($"no inspector answers on {host}:{port}: {fault.Message}", fault);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            tcp.Dispose();
            throw new InspectorUnreachableException(
                $"no inspector answers on {host}:{port} within {ConnectTimeout.TotalSeconds:0} s");
        }
    }

    /// <summary>Runs a command; a cancel ends it and waits a moment for its end.</summary>
    /// <param name="take">Gets every reply but the last: the first with the member, then lines or rows.</param>
    /// <exception cref="InspectorUnreachableException">The connection broke.</exception>
    public async Task<InspectEnd> RunAsync(
        IReadOnlyList<string> args, bool json, Action<InspectReply> take, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource();
        try
        {
            await SendAsync(new InspectRequest { V = InspectWire.Version, Args = args, Json = json });
            await using var registration = cancel.Register(() =>
            {
                patience.CancelAfter(CancelTimeout);
                // A connection that broke meanwhile shows in the reading below.
                _ = SendAsync(new InspectRequest { V = InspectWire.Version, Cancel = true }).ContinueWith(
                    sent => sent.Exception, TaskScheduler.Default);
            });
            while (await _reader.ReadAsync(patience.Token) is { } line)
            {
                var reply = JsonSerializer.Deserialize<InspectReply>(line, ApiJson.Options);
                if (reply?.Exit is { } exit) return new InspectEnd(exit, reply.Error, reply.Member);
                if (reply is not null && !cancel.IsCancellationRequested) take(reply);
            }

            throw new InspectorUnreachableException($"{_where} closed the connection before the end of its answer");
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return new InspectEnd(0, null, null);
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            throw new InspectorUnreachableException($"the connection to {_where} broke: {fault.Message}", fault);
        }
        catch (Exception fault) when (fault is JsonException or LineTooLongException)
        {
            throw new InspectorUnreachableException($"what answers on {_where} is no inspector of Stockpile", fault);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        await _stream.DisposeAsync();
        _tcp.Dispose();
    }

    private async Task SendAsync(InspectRequest request) => await _stream.WriteAsync(InspectWire.Write(request));
}
