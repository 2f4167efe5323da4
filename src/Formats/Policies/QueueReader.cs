using Stockpile.Core.Fleets;
using Stockpile.Formats.Hocon;

namespace Stockpile.Formats.Policies;

/// <summary>Reads <c>queue</c> of a policy; what is absent is as <see cref="QueuePolicy"/> has it.</summary>
internal static class QueueReader
{
    public static QueuePolicy Read(ConfigSection policy)
    {
        var absent = new QueuePolicy();
        if (policy.GetOptionalSection("queue") is not { } queue) return absent;
        var read = absent with
        {
            Preemption = Preemption(queue, absent.Preemption),
        };
        queue.Done();
        return read;
    }

    private static PreemptionPolicy Preemption(ConfigSection queue, PreemptionPolicy absent)
    {
        if (queue.GetOptionalSection("preemption") is not { } section) return absent;
        var read = new PreemptionPolicy(
            section.GetDuration("min-run-time", absent.MinRunTime),
            section.GetDuration("max-protection", absent.MaxProtection),
            section.GetDuration("restart-cost", absent.RestartCost),
            section.GetBool("hold-back", absent.HoldBack));
        if (read.MaxProtection < read.MinRunTime)
            throw section.Error("max-protection", "is less than min-run-time; it must be as long or longer");
        section.Done();
        return read;
    }
}
