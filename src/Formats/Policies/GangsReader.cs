using Stockpile.Core.Fleets;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Policies;

/// <summary>Reads the section <c>gangs</c> of a policy; whatever is absent has its default.</summary>
internal static class GangsReader
{
    public static GangPolicy Read(ConfigSection? section)
    {
        var defaults = GangPolicy.Default;
        if (section is null) return defaults;
        var policy = new GangPolicy
        {
            NetworkGBps = section.GetDouble("network-bandwidth", 0.001, 1e6, defaults.NetworkGBps),
            StepTokens = section.GetInt("step-tokens", 0, int.MaxValue, (int)defaults.StepTokens),
            ResizeInterval = section.GetDuration("resize-interval", defaults.ResizeInterval),
            MigrateGain = section.GetDouble("migrate-gain", 1, 1_000, defaults.MigrateGain),
            Restart = section.GetDuration("restart", defaults.Restart),
        };
        section.Done();
        return policy;
    }
}
