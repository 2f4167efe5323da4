using Stockpile.Core.Fleets;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Policies;

/// <summary>Reads the section <c>nodes</c> of a policy; whatever is absent has its default.</summary>
internal static class NodesReader
{
    public static NodePolicy Read(ConfigSection? section)
    {
        var defaults = NodePolicy.Default;
        if (section is null) return defaults;
        var policy = new NodePolicy
        {
            RestAfter = section.GetInt("rest-after", 0, 1_000, defaults.RestAfter),
            Rest = section.GetDuration("rest", defaults.Rest),
            MaxRest = section.GetDuration("max-rest", defaults.MaxRest),
            ForgetAfter = section.GetDuration("forget-after", defaults.ForgetAfter),
        };
        if (policy.MaxRest < policy.Rest)
            throw section.Error("max-rest", "is less than rest; it must be as long or longer");
        section.Done();
        return policy;
    }
}
