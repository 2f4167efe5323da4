using System.Net.Sockets;
using System.Text.Json;
using Stockpile.Core;
using Stockpile.Inspect.Agent;
using Stockpile.Inspect.Catalogue;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Inspect.Server;

/// <summary>One client: its commands one after the other, until it goes or says what cannot be understood.</summary>
internal sealed class InspectorConnection(Func<CommandRunner> runner, Stream stream, TimeSpan idle) : IAsyncDisposable
{
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(Limits.InspectWriteSecondsMax);

    private readonly LineReader _reader = new(stream, Limits.InspectRequestBytesMax);

    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (await NextAsync(stop) is { } request)
            {
                // Nothing runs that could be cancelled.
                if (request.Cancel) continue;
                if (!await AnswerAsync(request, stop)) return;
            }
        }
        catch (Exception fault) when (fault is FormatException or LineTooLongException)
        {
            await EndAsync(new CommandResult(CommandResult.UsageExit, fault.Message), stop);
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException)
        {
            // The client went away, was silent for too long, or the process stops.
        }
    }

    public ValueTask DisposeAsync() => _reader.DisposeAsync();

    private async Task<InspectRequest?> NextAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(idle);
        var line = await _reader.ReadAsync(limit.Token);
        return line is null ? null : InspectWire.ReadRequest(line);
    }

    /// <summary>Runs a command while it listens for its end.</summary>
    /// <returns>Whether the connection goes on.</returns>
    private async Task<bool> AnswerAsync(InspectRequest request, CancellationToken stop)
    {
        var commands = runner();
        var (member, streams) = commands.Announce(request.Args!);
        await SendAsync(new InspectReply { V = InspectWire.Version, Member = member, Streams = streams }, stop);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var listening = CancellationTokenSource.CreateLinkedTokenSource(stop);
        // Not awaited before the command ends: a command that runs for long must not hold up its own cancel.
        var heard = ListenAsync(cancel, listening.Token);
        using var answer = new StreamAnswer(this, request.Json, cancel.Token);
        CommandResult result;
        try
        {
            result = await Task.Run(
                () => commands.RunAsync(request.Args!, answer, cancel.Token), CancellationToken.None);
        }
        finally
        {
            await listening.CancelAsync();
        }

        switch (await heard)
        {
            case Heard.Gone:
                return false;
            case Heard.Garbage:
                await EndAsync(new CommandResult(
                    CommandResult.UsageExit, """a command runs; allowed while it does: {"v":1,"cancel":true}"""), stop);
                return false;
            default:
                await EndAsync(result, stop);
                return true;
        }
    }

    /// <summary>Cancels the command on a cancel line, at the end of the stream, and on anything else.</summary>
    private async Task<Heard> ListenAsync(CancellationTokenSource command, CancellationToken stop)
    {
        var heard = Heard.Nothing;
        try
        {
            while (heard == Heard.Nothing)
            {
                var line = await _reader.ReadAsync(stop);
                if (line is null) heard = Heard.Gone;
                else if (InspectWire.ReadRequest(line).Cancel) heard = Heard.Cancel;
                else heard = Heard.Garbage;
            }
        }
        catch (OperationCanceledException)
        {
            return Heard.Nothing;
        }
        catch (Exception fault) when (fault is FormatException or LineTooLongException)
        {
            heard = Heard.Garbage;
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            heard = Heard.Gone;
        }

        await command.CancelAsync();
        return heard;
    }

    private Task EndAsync(CommandResult result, CancellationToken stop) => SendAsync(
        new LastReply(result.Exit, result.Error, result.Member ?? runner().Self), stop);

    private async Task SendAsync<T>(T message, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(WriteTimeout);
        await stream.WriteAsync(InspectWire.Write(message), limit.Token);
    }

    private enum Heard
    {
        Nothing,
        Cancel,
        Gone,
        Garbage,
    }

    /// <summary>The last line names its error even where there is none.</summary>
    private sealed record LastReply(
        int Exit,
        [property: System.Text.Json.Serialization.JsonIgnore(
            Condition = System.Text.Json.Serialization.JsonIgnoreCondition.Never)] string? Error,
        MemberName Member);

    private sealed class StreamAnswer(InspectorConnection connection, bool json, CancellationToken cancel)
        : IAnswer, IDisposable
    {
        // Handlers may answer from several tasks at once; two lines must not mix.
        private readonly SemaphoreSlim _turn = new(1);

        public async ValueTask LineAsync(string text, object? data = null)
        {
            if (json && data is null) return;
            var reply = json
                ? new InspectReply { Data = AsElement(data!) }
                : new InspectReply { Line = AnswerLine.Cut(text) };
            await _turn.WaitAsync(cancel);
            try
            {
                await connection.SendAsync(reply, cancel);
            }
            finally
            {
                _turn.Release();
            }
        }

        public void Dispose() => _turn.Dispose();

        private static JsonElement AsElement(object data) =>
            data as JsonElement? ?? JsonSerializer.SerializeToElement(data, ApiJson.Options);
    }
}
