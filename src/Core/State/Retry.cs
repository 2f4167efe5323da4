using Stockpile.Core.Fleets;

namespace Stockpile.Core.State;

/// <summary>
/// When a class is tried again that found no room: as soon as a device of its models is freed, what it was held back
/// from is gone, or an instant has come. A value: a cycle puts the next one in its place, by
/// <see cref="EquivalenceClass.Become"/>, and nobody else can. Why its jobs wait is kept beside it, as
/// <see cref="LastTry"/>.
/// </summary>
public sealed record Retry
{
    /// <summary>Nothing is known against it.</summary>
    public static readonly Retry Now = new();

    /// <summary>The capacity stamps at which the class, and its home alternatives alone, found no room; -1: they did
    /// not. See <see cref="CapacityIndex.FreedAt"/>.</summary>
    private long FullAt { get; init; } = -1;
    private long HomeFullAt { get; init; } = -1;

    /// <summary><see cref="JobQueue.Promises"/> when it found no room beside what is reserved; -1 where nothing was.
    /// </summary>
    private long HeldAt { get; init; } = -1;

    /// <summary>When its head may start, if it found no room and that is in sight.</summary>
    public Claim? Claim { get; private init; }

    /// <summary>When it is tried again though nothing was freed; null: not before something is.</summary>
    public DateTimeOffset? At { get; private init; }

    /// <summary>Found full at home.</summary>
    /// <param name="isAll">It may be a guest nowhere, so that is all.</param>
    public Retry FullAtHome(long stamp, bool isAll) =>
        this with { HomeFullAt = stamp, FullAt = isAll ? stamp : FullAt };

    /// <summary>Found full as a guest too. A guest that left in this cycle was not tried at home, so its class must not
    /// be blocked there.</summary>
    /// <param name="hasHome">It may be at home somewhere.</param>
    public Retry FullAsGuest(long stamp, bool hasHome) => this with { FullAt = hasHome ? HomeFullAt : stamp };

    /// <summary>Found no room beside what is reserved; until one of those reservations goes.</summary>
    public Retry HeldBack(long promises) => this with { HeldAt = promises };

    /// <summary>Found no room, whatever is reserved.</summary>
    public Retry NotHeldBack() => HeldAt < 0 ? this : this with { HeldAt = -1 };

    /// <summary>A job joined the class, and may be short enough for what the others were held back from.</summary>
    public Retry Joined() => HeldAt < 0 ? this : this with { HeldAt = long.MaxValue };

    /// <summary>Its head has a start in sight.</summary>
    public Retry Expects(Claim? claim) => this with { Claim = claim, At = claim?.At };

    /// <summary>Its head has no start in sight; it is looked for again at an instant.</summary>
    public Retry LookAgain(DateTimeOffset? at) => this with { Claim = null, At = at };

    /// <summary>Its head was placed.</summary>
    public Retry Started() => Claim is null ? this : this with { Claim = null };

    /// <summary>Not later than an instant.</summary>
    public Retry By(DateTimeOffset? at, DateTimeOffset now) =>
        At is null || At <= now || at < At ? this with { At = at } : this;

    /// <summary>Whether trying it would find what it found before. A protection that runs out, or a reservation that
    /// goes, frees no device, so a block may end without one.</summary>
    public bool IsInVain(
        IReadOnlyList<Alternative> alternatives, CapacityIndex index, long promises, DateTimeOffset now)
    {
        if (FullAt < 0 || At <= now || (HeldAt >= 0 && HeldAt != promises)) return false;
        foreach (var alternative in alternatives)
            if (index.FreedAt(alternative.Model) > FullAt) return false;
        return true;
    }
}
