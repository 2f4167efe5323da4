using Akka.Actor;
using Stockpile.Core;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// The keys of a cell that its desks have not heard of yet, because the cell is older than the desks are. One message
/// per desk is under way, and is repeated until it is answered.
/// </summary>
internal sealed class KeyMoves(string cell, CellOptions options)
{
    private readonly SortedDictionary<string, SortedSet<string>> _left = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _sentAt = new(StringComparer.Ordinal);

    /// <summary>The desks have answered for every key.</summary>
    public bool Done => _left.Count == 0;

    public void Add(string key)
    {
        var desk = KeyDesks.Of(key);
        if (!_left.TryGetValue(desk, out var keys))
            _left.Add(desk, keys = new SortedSet<string>(StringComparer.Ordinal));
        keys.Add(key);
    }

    /// <summary>Only between rounds: each key is of a job that is durable.</summary>
    public void SendDue(IActorRef desks, IActorRef self)
    {
        if (Done) return;
        var now = options.Real.GetTimestamp();
        foreach (var (desk, keys) in _left.Take(SchedulerLimits.KeyMovesInFlightMax))
        {
            if (_sentAt.TryGetValue(desk, out var at)
                && options.Real.GetElapsedTime(at, now) < options.OrderResendAfter) continue;
            _sentAt[desk] = now;
            desks.Tell(new BindKeys
            {
                Desk = desk,
                Wishes =
                {
                    keys.Take(SchedulerLimits.KeysPerMessageMax).Select(key => new KeyWish { Key = key, Cell = cell }),
                },
            }, self);
        }
    }

    /// <returns>False: it tells nothing new, as the answer to a repetition does.</returns>
    public bool Answered(BindKeysReply reply)
    {
        if (!_left.TryGetValue(reply.Desk, out var keys)) return false;
        var before = keys.Count;
        foreach (var binding in reply.Bindings)
            if (binding.Generation > 0)
                keys.Remove(binding.Key);
        if (keys.Count == before) return false;
        _sentAt.Remove(reply.Desk);
        if (keys.Count == 0) _left.Remove(reply.Desk);
        return true;
    }
}
