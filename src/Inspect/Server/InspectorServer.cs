using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Stockpile.Core;
using Stockpile.Inspect.Catalogue;

namespace Stockpile.Inspect.Server;

/// <summary>Where the inspector listens.</summary>
/// <param name="Host">An address or a name of this machine. Whoever reaches it may do everything; the settings keep it
/// on loopback unless told otherwise.</param>
/// <param name="Port">0 picks a free one.</param>
/// <param name="Required">Whether a port that is taken keeps the process from starting.</param>
public sealed record InspectorOptions(
    string Host = InspectorOptions.HostDefault, int Port = InspectorOptions.PortDefault, bool Required = true)
{
    public const string HostDefault = "127.0.0.1";
    public const int PortDefault = 9110;

    /// <summary>How long a connection may be silent while it runs nothing.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(Limits.InspectIdleMinutesMax);

    public override string ToString() => $"{Host}:{Port}";
}

/// <summary>The inspector cannot listen; the message is one line.</summary>
public sealed class InspectorBindException(string message, Exception inner) : Exception(message, inner);

/// <summary>Serves <see cref="InspectWire"/> as long as the process runs.</summary>
public sealed class InspectorServer(
    Func<CommandRunner> runner, InspectorOptions options, ILogger<InspectorServer> log) : IHostedService, IDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<int, Task> _connections = [];
    private readonly Lock _lock = new();
    private TcpListener? _listener;
    private Task _accepting = Task.CompletedTask;
    private int _next;

    /// <summary>Where it listens, with the port that was free for 0; null: nowhere.</summary>
    public IPEndPoint? EndPoint { get; private set; }

    /// <summary>Why it does not listen; null: it does, or has not been started.</summary>
    public string? Fault { get; private set; }

    /// <exception cref="InspectorBindException">It cannot listen, and the options require it.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            _listener = await ListenAsync(cancellationToken);
        }
        catch (SocketException fault)
        {
            Fault = $"the inspector cannot listen on {options}: {fault.Message}";
            if (options.Required) throw new InspectorBindException(Fault, fault);
            log.LogWarning("{Fault}; this member runs without it", Fault);
            return;
        }

        EndPoint = (IPEndPoint)_listener.LocalEndpoint;
        log.LogInformation("inspector on {EndPoint}", EndPoint);
        _accepting = AcceptAsync(_listener);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        _listener?.Stop();
        Task[] open;
        lock (_lock) open = [.. _connections.Values];
        try
        {
            await Task.WhenAll(open.Append(_accepting)).WaitAsync(StopTimeout, cancellationToken);
        }
        catch (TimeoutException)
        {
            log.LogWarning("an inspector command did not end within {Seconds} s", StopTimeout.TotalSeconds);
        }
    }

    public void Dispose()
    {
        _listener?.Dispose();
        _stop.Dispose();
    }

    private async Task<TcpListener> ListenAsync(CancellationToken cancel)
    {
        var addresses = await Dns.GetHostAddressesAsync(options.Host, cancel);
        var listener = new TcpListener(addresses[0], options.Port);
        try
        {
            listener.Start();
        }
        catch (SocketException)
        {
            listener.Dispose();
            throw;
        }

        return listener;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await listener.AcceptTcpClientAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (InvalidOperationException) when (_stop.IsCancellationRequested)
            {
                // The listener was stopped between the look at the token and the call.
                return;
            }
            catch (SocketException fault)
            {
                // Such as too many open files: the next one may work, but not at once.
                log.LogWarning("a connection could not be accepted: {Message}", fault.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken.None);
                continue;
            }

            lock (_lock)
            {
                // Even a refusal takes a moment; a flood of connections gets none.
                if (_connections.Count >= 2 * Limits.InspectConnectionsMax)
                {
                    client.Dispose();
                    continue;
                }

                var id = _next++;
                var isOver = _connections.Count >= Limits.InspectConnectionsMax;
                _connections.Add(id, Task.Run(() => ServeAsync(id, client, isOver)));
            }
        }
    }

    private async Task ServeAsync(int id, TcpClient client, bool isOver)
    {
        try
        {
            using (client)
            {
                client.NoDelay = true;
                await using var stream = client.GetStream();
                if (isOver) await RefuseAsync(stream);
                else await AnswerAsync(stream);
            }
        }
        catch (Exception fault)
        {
            log.LogWarning(fault, "a connection to the inspector broke");
        }
        finally
        {
            lock (_lock) _connections.Remove(id);
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        await using var connection = new InspectorConnection(runner, stream, options.Idle);
        await connection.RunAsync(_stop.Token);
    }

    private static async Task RefuseAsync(NetworkStream stream)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            await stream.WriteAsync(InspectWire.Write(new InspectReply
            {
                Exit = CommandResult.RefusedExit,
                Error = $"{Limits.InspectConnectionsMax} connections are open already, which is the most allowed",
            }), limit.Token);
            // Closing with unread bytes would reset the connection before the client has read why.
            stream.Socket.Shutdown(SocketShutdown.Send);
            var rest = new byte[4096];
            while (await stream.ReadAsync(rest, limit.Token) > 0)
            {
            }
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException)
        {
            // Gone already.
        }
    }
}
