using Stockpile.Core.Fleets;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Cli.Demo;

/// <summary>
/// Simulated trouble: now and then a node fails and comes back an hour later, and some nodes run slowly for an hour.
/// Which and when follows from the seed.
/// </summary>
internal sealed class DemoFaults
{
    private static readonly TimeSpan Outage = TimeSpan.FromHours(1);

    private sealed record Fault(TimeSpan At, string Node, string Kind, double Factor);

    private readonly IStockpileGateway _gateway;
    private readonly TimeProvider _clock;
    private readonly DateTimeOffset _start;
    private readonly List<Fault> _faults = [];
    private int _failed, _recovered, _slowed;

    /// <param name="every">Mean simulated time between two faults of the fleet; zero: none at all.</param>
    public DemoFaults(
        IStockpileGateway gateway, TimeProvider clock, DateTimeOffset start, FleetSpec fleet, TimeSpan every,
        TimeSpan until, ulong seed)
    {
        _gateway = gateway;
        _clock = clock;
        _start = start;
        if (every <= TimeSpan.Zero) return;
        var random = new Random(unchecked((int)seed));
        for (var at = every; at < until; at += every * (0.5 + random.NextDouble()))
        {
            var node = fleet.Nodes[random.Next(fleet.Nodes.Count)].Id;
            var fails = random.Next(4) != 0;
            _faults.Add(new Fault(at, node, fails ? "fail" : "slow", 1.5));
            _faults.Add(new Fault(at + Outage, node, "recover", fails ? 0 : 1.5));
        }

        _faults.Sort((a, b) => a.At.CompareTo(b.At));
    }

    public FaultsReport Report => new(_failed, _recovered, _slowed);

    public async Task RunAsync(CancellationToken cancel)
    {
        foreach (var fault in _faults)
        {
            while (_clock.GetUtcNow() - _start < fault.At) await Task.Delay(TimeSpan.FromMilliseconds(50), cancel);
            var reply = await _gateway.FaultNodeAsync(fault.Node, fault.Kind, fault.Factor, cancel);
            if (reply.Refusal is not null) continue;
            switch (fault.Kind)
            {
                case "fail": _failed++; break;
                case "slow": _slowed++; break;
                // The end of a slow hour brings no node back.
                default: _recovered += fault.Factor == 0 ? 1 : 0; break;
            }
        }
    }
}
