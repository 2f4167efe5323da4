using System.Globalization;
using Google.Protobuf;

namespace Stockpile.Simulation.Tests.World;

/// <summary>One step that is to be taken.</summary>
public sealed record SimEvent(SimProcess Process, int Life, string What, Action Run, object? Detail);

/// <summary>What was done, for the reader of a failure and for the comparison of two runs.</summary>
public sealed class SimTrace
{
    public const int LinesKept = 200;

    private readonly (long Step, TimeSpan At, SimEvent Event)[] _last = new (long, TimeSpan, SimEvent)[LinesKept];
    private ulong _hash = 14_695_981_039_346_656_037;
    private long _count;

    /// <summary>Takes every step as a line; null: only the last ones are kept.</summary>
    public TextWriter? All { get; set; }

    /// <summary>FNV-1a over every step: its time, process, kind, and the bytes of its message.</summary>
    public ulong Hash => _hash;

    public void Add(long step, TimeSpan at, SimEvent taken)
    {
        _last[_count++ % LinesKept] = (step, at, taken);
        All?.WriteLine(Line(step, at, taken));
        Mix((ulong)at.Ticks);
        Mix((ulong)taken.Process.Index);
        foreach (var c in taken.What) Mix(c);
        if (taken.Detail is not IMessage message) return;
        foreach (var octet in message.ToByteArray()) Mix(octet);
    }

    public void Mix(ulong value) => _hash = (_hash ^ value) * 1_099_511_628_211;

    public IEnumerable<string> LastLines(int lines)
    {
        for (var i = Math.Max(0, _count - Math.Min(lines, LinesKept)); i < _count; i++)
        {
            var (step, at, taken) = _last[i % LinesKept];
            yield return Line(step, at, taken);
        }
    }

    private static string Line(long step, TimeSpan at, SimEvent taken)
    {
        var detail = taken.Detail is null ? "" : $" {taken.Detail.GetType().Name} {Short(taken.Detail)}";
        return string.Create(CultureInfo.InvariantCulture,
            $"{step,7} {at.TotalSeconds,9:0.0000} {taken.Process.Name,-12} {taken.What}{detail}");
    }

    private static string Short(object detail)
    {
        var text = detail.ToString() ?? "";
        return text.Length <= 300 ? text : text[..300] + "…";
    }
}
