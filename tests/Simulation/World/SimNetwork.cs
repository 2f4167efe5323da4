namespace Stockpile.Simulation.Tests.World;

/// <summary>What the network does to messages between processes.</summary>
public sealed class SimNetwork(SimWorld world)
{
    private readonly List<Partition> _partitions = [];
    private readonly Dictionary<(int From, int To), TimeSpan> _lastAt = [];

    /// <summary>Nothing gets from one side to the other, in both directions or in one.</summary>
    public sealed record Partition(IReadOnlySet<SimProcess> Side, bool Outward, bool Inward);

    public double DropRate { get; set; }
    public double RepeatRate { get; set; }

    /// <summary>Share of the messages that take long, up to <see cref="LateMost"/>.</summary>
    public double LateRate { get; set; }
    public TimeSpan LateMost { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>Messages from one process to another stay in order, as they do on one connection.</summary>
    public bool KeepsOrder { get; set; }

    public IReadOnlyList<Partition> Partitions => _partitions;

    public void Cut(Partition partition) => _partitions.Add(partition);

    public void Heal(Partition partition) => _partitions.Remove(partition);

    public bool IsCut(SimProcess from, SimProcess to)
    {
        foreach (var p in _partitions)
            if (p.Side.Contains(from) ? p.Outward && !p.Side.Contains(to) : p.Inward && p.Side.Contains(to))
                return true;
        return false;
    }

    public void CalmDown()
    {
        _partitions.Clear();
        DropRate = RepeatRate = LateRate = 0;
    }

    /// <summary>Calls <paramref name="arrive"/> for each copy that gets through.</summary>
    public void Transmit(SimProcess from, SimProcess to, string what, object message, Action<object> arrive)
    {
        if (IsCut(from, to))
        {
            world.Count("cut off");
            return;
        }

        if (world.Roll(DropRate))
        {
            world.Count("dropped");
            return;
        }

        var copies = world.Roll(RepeatRate) ? 2 : 1;
        if (copies == 2) world.Count("repeated");
        for (var copy = 0; copy < copies; copy++)
        {
            // A copy of its own for a part of them: what two processes share in memory would hide a fault.
            var body = copies == 2 || world.Roll(0.2) ? Wire.RoundTrip(message) : message;
            world.Schedule(to, Delay(from, to), what, () => arrive(body), body);
        }
    }

    private TimeSpan Delay(SimProcess from, SimProcess to)
    {
        var delay = TimeSpan.FromMicroseconds(world.Random.Next(200, 2_000));
        if (world.Roll(LateRate))
        {
            world.Count("late");
            delay += TimeSpan.FromMilliseconds(world.Random.Next(20, (int)LateMost.TotalMilliseconds));
        }

        var at = world.Now + delay;
        var link = (from.Index, to.Index);
        var last = _lastAt.GetValueOrDefault(link);
        if (at < last)
        {
            if (KeepsOrder) at = last;
            else world.Count("reordered");
        }

        _lastAt[link] = at > last ? at : last;
        return at - world.Now;
    }
}
