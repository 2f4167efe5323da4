using Stockpile.Core.Fleets;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Policies;

/// <summary>Reads the section <c>gangs</c> of a policy; whatever is absent has its default.</summary>
internal static class GangsReader
{
    public static GangPolicy Read(ConfigSection? section)
    {
        var defaults = new GangPolicy();
        if (section is null) return defaults;
        var policy = new GangPolicy
        {
            Restart = section.GetDuration("restart", defaults.Restart),
        };
        section.Done();
        return policy;
    }
}
