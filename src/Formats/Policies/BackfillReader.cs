using Stockpile.Core.Fleets;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Policies;

/// <summary>Reads <c>backfill { … }</c> of a policy; without the section nothing is reserved.</summary>
internal static class BackfillReader
{
    public static BackfillPolicy Read(ConfigSection policy)
    {
        if (policy.GetOptionalSection("backfill") is not { } section) return BackfillPolicy.Off;
        var backfill = new BackfillPolicy(
            section.GetBool("enabled", absent: true),
            section.GetInt(
                "reservations", 1, BackfillPolicy.ReservationsMax, absent: BackfillPolicy.ReservationsDefault),
            section.GetDuration("after", absent: BackfillPolicy.AfterDefault));
        section.Done();
        return backfill;
    }
}
