using Stockpile.Core.Fleets;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Policies;

/// <summary>Reads the section <c>guests</c> of a policy; whatever is absent has its default.</summary>
internal static class GuestsReader
{
    public static GuestPolicy Read(ConfigSection? section)
    {
        if (section is null) return GuestPolicy.Default;
        var grace = section.GetDuration("grace", GuestPolicy.Default.Grace);
        if (grace > TimeSpan.FromDays(1)) throw section.Error("grace", "is more than a day; 0s..24h");
        section.Done();
        return new GuestPolicy { Grace = grace };
    }
}
