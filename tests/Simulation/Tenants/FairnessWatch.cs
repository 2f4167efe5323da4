using System.Numerics;
using Stockpile.Core;
using Stockpile.Tests.Shared;

namespace Stockpile.Simulation.Tests.Tenants;

/// <summary>
/// Where every tenant asks for more than its part all the time: the part of its dominant tier that each had over two
/// days, by its weight.
/// </summary>
internal sealed class FairnessWatch(SteadyLoad load, IReadOnlyDictionary<string, double> weights)
{
    private static readonly TimeSpan Window = TimeSpan.FromDays(2);

    private readonly Dictionary<(string Tenant, string Tier), double> _hours = [];
    private readonly Dictionary<string, double> _tierHours = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Tenant, string Tier), double> _heldNow = [];
    private readonly Dictionary<string, double> _devicesNow = new(StringComparer.Ordinal);
    private DateTimeOffset _last = SteadyLoad.Start;
    private DateTimeOffset _windowEnds = SteadyLoad.Start + Window;

    /// <summary>How far the tenant that had most, or least, for its weight was from the mean, as a part of it: the
    /// worst of all windows but the first.</summary>
    public double Worst { get; private set; }

    public string Example { get; private set; } = "";

    public void Look()
    {
        var hours = (load.Now - _last).TotalHours;
        _last = load.Now;
        foreach (var (key, held) in _heldNow) _hours[key] = _hours.GetValueOrDefault(key) + held * hours;
        foreach (var (tier, devices) in _devicesNow)
            _tierHours[tier] = _tierHours.GetValueOrDefault(tier) + devices * hours;
        _heldNow.Clear();
        _devicesNow.Clear();
        var tiers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var node in load.NodesUp)
        {
            var tier = tiers[node.Node] = load.State.Catalog.Find(node.Model)!.Tier;
            _devicesNow[tier] = _devicesNow.GetValueOrDefault(tier) + node.Devices;
        }

        foreach (var work in load.Work)
        {
            // Guests do not count: whoever is at home takes the devices back.
            if (load.State.FindAllocation(work.Sequence) is { Guest: true }) continue;
            var key = (work.Spec.Tenant, tiers[work.Node]);
            _heldNow[key] = _heldNow.GetValueOrDefault(key) + (work.ShareMilli > 0
                ? work.ShareMilli / (double)Limits.MilliPerDevice
                : BitOperations.PopCount(work.DeviceMask));
        }

        if (load.Now < _windowEnds) return;
        Judge(isFirst: _windowEnds == SteadyLoad.Start + Window);
        _windowEnds += Window;
        _hours.Clear();
        _tierHours.Clear();
    }

    private void Judge(bool isFirst)
    {
        // In the first window queues fill.
        if (isFirst) return;
        var shares = weights.ToDictionary(w => w.Key, w => _hours.Where(h => h.Key.Tenant == w.Key)
            .Max(h => h.Value / _tierHours[h.Key.Tier]) / w.Value, StringComparer.Ordinal);
        var mean = shares.Sum(s => s.Value * weights[s.Key]) / weights.Values.Sum();
        foreach (var (tenant, share) in shares)
        {
            var off = Math.Abs(share / mean - 1);
            if (off <= Worst) continue;
            Worst = off;
            Example = $"until {_windowEnds:O} {tenant} had {share / mean:P0} of what its weight gives it: "
                + string.Join(", ", _hours.Select(h => $"{h.Key} {h.Value / _tierHours[h.Key.Tier]:P1}"));
        }
    }
}
