using System.Buffers;
using System.IO.Pipelines;

namespace Stockpile.Inspect.Server;

/// <summary>Lines of bytes from a stream, bounded.</summary>
public sealed class LineReader(Stream stream, int bytesMax) : IAsyncDisposable
{
    private readonly PipeReader _pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));

    /// <summary>The next line without its end; null: the other side closed, also in the middle of a line.</summary>
    /// <exception cref="LineTooLongException">No line ends within the bound.</exception>
    public async Task<byte[]?> ReadAsync(CancellationToken cancel)
    {
        while (true)
        {
            var read = await _pipe.ReadAsync(cancel);
            var buffer = read.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                if (line.Length > bytesMax) throw new LineTooLongException(bytesMax);
                var bytes = line.ToArray();
                _pipe.AdvanceTo(buffer.GetPosition(1, end));
                return bytes is [.., (byte)'\r'] ? bytes[..^1] : bytes;
            }

            if (buffer.Length > bytesMax) throw new LineTooLongException(bytesMax);
            _pipe.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted) return null;
        }
    }

    public ValueTask DisposeAsync() => _pipe.CompleteAsync();
}

public sealed class LineTooLongException(int bytesMax)
    : Exception($"the line is longer than {bytesMax} bytes, which is the most allowed");
