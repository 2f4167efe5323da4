namespace Stockpile.Core.Fleets;

/// <summary>
/// Conservative backfill: whether the most urgent jobs that find no room are promised devices at the earliest instant
/// at which running work gives enough of them back, so that smaller jobs behind them cannot take those for ever.
/// </summary>
/// <param name="Enabled">False: whatever fits is placed, and nothing is kept for anybody.</param>
/// <param name="Reservations">Most jobs of one cell that hold a reservation at a time, most urgent first.</param>
/// <param name="After">A job is promised devices once it is so old, in simulated time.</param>
public sealed record BackfillPolicy(bool Enabled, int Reservations, TimeSpan After)
{
    public const int ReservationsMax = 64;
    public const int ReservationsDefault = 4;

    public static readonly TimeSpan AfterDefault = TimeSpan.FromHours(6);

    public static readonly BackfillPolicy Off = new(false, ReservationsDefault, TimeSpan.Zero);
    public static readonly BackfillPolicy On = new(true, ReservationsDefault, TimeSpan.Zero);
}
