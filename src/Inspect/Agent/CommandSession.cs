using System.Text.Json;
using System.Threading.Channels;
using Akka.Actor;
using Stockpile.Core;
using Stockpile.Inspect.Catalogue;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Inspect.Agent;

/// <summary>A command that this member runs for another one; it ends with the command or with whoever asked.</summary>
internal sealed class CommandSession : ReceiveActor
{
    private readonly CommandRunner _runner;
    private readonly RunCommand _run;
    private readonly IActorRef _asker;
    private readonly CancellationToken _cancelled;
    private readonly Action _cancel;
    private readonly Channel<CommandLine> _lines = Channel.CreateBounded<CommandLine>(
        new BoundedChannelOptions(InspectLimits.LinesWaitingMax) { SingleReader = true });

    private CommandResult? _result;
    private bool _mayWrite;

    public CommandSession(CommandRunner runner, RunCommand run, IActorRef asker)
    {
        _runner = runner;
        _run = run;
        _asker = asker;
        // Never disposed: the command may still look at its token after this actor is gone.
        var source = new CancellationTokenSource();
        _cancelled = source.Token;
        _cancel = source.Cancel;
        Receive<CommandResult>(result =>
        {
            _result = result;
            Write();
        });
        Receive<Readable>(_ => Write());
        Receive<MoreLines>(more => more.Id == run.Id, _ =>
        {
            _mayWrite = true;
            Write();
        });
        Receive<CancelCommand>(cancel => cancel.Id == run.Id, _ => Context.Stop(Self));
        Receive<Terminated>(_ => Context.Stop(Self));
    }

    public static Props Props(CommandRunner runner, RunCommand run, IActorRef asker) =>
        Akka.Actor.Props.Create(() => new CommandSession(runner, run, asker));

    protected override void PreStart()
    {
        Context.Watch(_asker);
        // An empty message says that the command is taken, however long its first line takes.
        _asker.Tell(new CommandLines { Id = _run.Id });
        Task.Run(() => RunAsync(_cancelled)).PipeTo(
            Self, failure: fault => new CommandResult(CommandResult.RefusedExit, fault.Message));
        WaitForLines();
    }

    protected override void PostStop() => _cancel();

    private async Task<CommandResult> RunAsync(CancellationToken cancel)
    {
        try
        {
            return await _runner.RunHereAsync([.. _run.Words], new ChannelAnswer(_lines.Writer, cancel), cancel);
        }
        finally
        {
            _lines.Writer.TryComplete();
        }
    }

    private void WaitForLines() =>
        _lines.Reader.WaitToReadAsync(_cancelled).AsTask().PipeTo(
            Self, success: _ => new Readable(), failure: _ => new Readable());

    /// <summary>One message when the asker may get one and there is something to say.</summary>
    private void Write()
    {
        if (!_mayWrite) return;
        var batch = new CommandLines { Id = _run.Id };
        var chars = 0;
        while (batch.Lines.Count < InspectLimits.BatchLinesMax && chars < InspectLimits.BatchCharsMax
            && _lines.Reader.TryRead(out var line))
        {
            batch.Lines.Add(line);
            chars += line.Text.Length + line.Data.Length;
        }

        if (batch.Lines.Count > 0)
        {
            _mayWrite = false;
            _asker.Tell(batch);
            WaitForLines();
        }
        else if (_result is { } result)
        {
            // The command is over, so nothing can follow what was read above.
            _asker.Tell(new CommandLines
            {
                Id = _run.Id, Done = true, Exit = result.Exit, Error = result.Error ?? "",
            });
            Context.Stop(Self);
        }
    }

    private sealed record Readable;

    /// <summary>Waits while the asker reads more slowly than the command writes.</summary>
    private sealed class ChannelAnswer(ChannelWriter<CommandLine> writer, CancellationToken cancel) : IAnswer
    {
        public async ValueTask LineAsync(string text, object? data = null)
        {
            var line = new CommandLine
            {
                Text = AnswerLine.Cut(text), Data = data is null ? "" : AnswerLine.Json(data),
            };
            await writer.WriteAsync(line, cancel);
        }
    }
}

/// <summary>The bounds of one line of an answer.</summary>
public static class AnswerLine
{
    /// <summary>One line of text: line breaks become spaces, and what is too long is cut.</summary>
    public static string Cut(string text)
    {
        var line = text.Contains('\n', StringComparison.Ordinal) ? text.ReplaceLineEndings(" ") : text;
        return line.Length <= InspectLimits.LineCharsMax ? line : line[..(InspectLimits.LineCharsMax - 1)] + "…";
    }

    /// <exception cref="CommandRefusedException">The row is larger than a message may be.</exception>
    public static string Json(object data)
    {
        var json = JsonSerializer.Serialize(data, ApiJson.Options);
        return json.Length <= InspectLimits.RowCharsMax
            ? json
            : throw new CommandRefusedException(
                $"a row of the answer has {json.Length} characters as JSON; allowed: {InspectLimits.RowCharsMax}");
    }
}
