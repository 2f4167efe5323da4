using Stockpile.Core;
using Stockpile.Core.Commands;
using Stockpile.Core.State;
using Stockpile.Protocol.V1;
using CancelJob = Stockpile.Core.Commands.CancelJob;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// Parts of arrays, here and in other cells. The array's cell asks for them until their end is known; one whose array
/// has ended is cancelled, again and again until it has. Any answer may be lost or come twice.
/// </summary>
public sealed partial class CellEngine
{
    private long _askedForPartsAt;

    /// <summary>Another cell's answer about a part that went there.</summary>
    public void OnPart(JobReply reply)
    {
        if (reply.Job is not { } part || !JobId.TryParse(part.Id, out var id) || id.Cell != _cell
            || _state.ArrayOf(id.Number) is not { } array) return;
        if (part.ForwardedTo.Length > 0) AskForPart(array, part.ForwardedTo, part.Id);
        else if (EndOf(part.State) is { } how)
            Enqueue(round =>
            {
                round.Run(new EndPart(id.Number, how, part.TasksDone, part.Reason));
                return null;
            });
    }

    private static JobPhase? EndOf(string state) => state switch
    {
        "completed" => JobPhase.Completed,
        "failed" => JobPhase.Failed,
        "cancelled" => JobPhase.Cancelled,
        _ => null,
    };

    private void LookAfterParts(List<CellCommand> due)
    {
        if (_state.OpenParts.Count == 0) return;
        var away = new List<(JobState Array, JobState Part)>();
        foreach (var (number, array) in _state.OpenParts)
            if (_state.FindJob(number) is not { } part)
                due.Add(new EndPart(number, JobPhase.Failed, 0, "it ended so long ago that nothing is known of it"));
            else if (part.Ended == JobPhase.Forwarded) away.Add((array, part));
            else if (part.Ended is { } how) due.Add(new EndPart(number, how, part.TasksDone, part.Reason));
            else if (array.Ended is not null) due.Add(new CancelJob(number));
        var now = _options.Real.GetTimestamp();
        if (away.Count == 0 || _options.Real.GetElapsedTime(_askedForPartsAt, now) < _options.OrderResendAfter) return;
        _askedForPartsAt = now;
        foreach (var (array, part) in away) AskForPart(array, part.ForwardedTo, NameOf(part));
    }

    private void AskForPart(JobState array, string cell, string part)
    {
        if (array.Ended is not null)
            _ports.Cells.Tell(new Protocol.V1.CancelJob { Cell = cell, Origin = part }, _ports.Self);
        _ports.Cells.Tell(new GetJob { Cell = cell, Origin = part }, _ports.Self);
    }
}
