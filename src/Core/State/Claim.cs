using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>
/// The prospect of a gang that found no room: when, at the latest estimate, enough devices of one model are free or may
/// be taken back. It is worked out anew whenever the gang is tried again, so it is not part of the stored state.
/// </summary>
public sealed class Claim(long job, Priority priority, string model, DateTimeOffset at, int headroom)
{
    /// <summary>The gang.</summary>
    public long Job { get; } = job;

    /// <summary>Of the gang; only less urgent gangs give way to the claim.</summary>
    public Priority Priority { get; } = priority;

    public string Model { get; } = model;

    public DateTimeOffset At { get; } = at;

    /// <summary>Devices of the model that are left at that time when the gang has its own and nobody else was pushed
    /// out; less urgent gangs may take them now, for however long.</summary>
    public int Headroom { get; private set; } = headroom;

    /// <summary>A less urgent gang takes some of that, within a round.</summary>
    public void Take(RoundWriter round, int devices)
    {
        ArgumentNullException.ThrowIfNull(round);
        Headroom -= devices;
    }
}
