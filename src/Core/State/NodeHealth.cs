namespace Stockpile.Core.State;

/// <summary>How a node has held out: what it failed of late, and whether it rests.</summary>
/// <param name="Failures">Since it was last steady for long enough.</param>
/// <param name="Since">When it failed, rested or came back last: from then on it may prove to be steady.</param>
/// <param name="RestUntil">It takes no new work until then; null: it does not rest.</param>
/// <param name="RestedFor">The failures it had when it rested last: it rests once for each.</param>
/// <param name="Reason">Of the last failure.</param>
public sealed record NodeHealth(
    int Failures, DateTimeOffset Since, DateTimeOffset? RestUntil, int RestedFor, string Reason)
{
    public static readonly NodeHealth Steady = new(0, default, null, 0, "");

    /// <summary>It failed of late, so others come first.</summary>
    public bool IsUnsteady => Failures > 0;

    public bool Rests => RestUntil is not null;
}
