using Stockpile.Core;
using Stockpile.Core.Commands;
using Stockpile.Core.State;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// The cell's part in keys. Which cell a key belongs to its desk says; the cell knows the job of each of its keys,
/// tells repeats, and closes a key whose job it refuses for good. A cell older than the desks tells them its keys.
/// </summary>
public sealed partial class CellEngine
{
    /// <summary>From a desk: these keys are bound, to this cell or to another one. The desk's word holds.</summary>
    public void OnBound(BindKeysReply reply)
    {
        if (!_keys.Answered(reply)) return;
        if (_keys.Done) Enqueue(Settle);
        else if (!_writing) _keys.SendDue(_ports.Desks, _ports.Self);
    }

    /// <summary>With the first round after a recovery.</summary>
    private void BeginKeys(RoundWriter round)
    {
        if (_state.HasKeysAtDesks) return;
        foreach (var key in _state.Keys) Move(key);
        Settle(round);
    }

    private Action? Settle(RoundWriter round)
    {
        // Another key may have come meanwhile from a router that asked no desk.
        if (_keys.Done) round.Run(new SettleKeys());
        return null;
    }

    private void Move(string key)
    {
        if (!key.StartsWith(RouterEngine.OwnKeyPrefix, StringComparison.Ordinal)) _keys.Add(key);
    }

    /// <summary>A refusal that may hold no longer when the next node joins must hold for this binding all the same: the
    /// desk may give the key to another cell from now on.</summary>
    private void KeepKey(RoundWriter round, Submission submission, Decision decision)
    {
        if (submission is { Key.Length: > 0, Binding: > 0 })
        {
            if (decision is Rejected { Refusal.Code: Refusal.Unplaceable })
                round.Run(new CloseKey(submission.Key, submission.Binding));
        }
        else if (decision is Accepted && submission.Key.Length > 0 && !_state.HasKeysAtDesks)
        {
            Move(submission.Key);
        }
    }

    private static SubmitJob ToSubmit(Submission submission) =>
        new(submission.Key, submission.Spec.FromWire()) { Binding = submission.Binding };
}
