using Stockpile.Core;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Notes;

/// <summary>
/// Nodes whose last advertisement the cell refused, so that users see them and why. It is told again and again by the
/// hosts, so it stands in no journal, and a cell that recovers learns it anew.
/// </summary>
internal sealed class RefusedNodes
{
    private sealed record Refused(string Host, NodeAdvert Advert, string Reason);

    private readonly SortedDictionary<string, Refused> _nodes = new(StringComparer.Ordinal);

    /// <summary>True when it says something new; the same refusal comes back every few beats.</summary>
    public bool Note(string host, NodeAdvert advert, string reason)
    {
        if (_nodes.GetValueOrDefault(advert.Node) is { } known && known.Host == host && known.Reason == reason)
            return false;
        // Beyond the limit each one is told as if it were new; whoever has so many has more to mend than this.
        if (_nodes.Count < SchedulerLimits.RefusedNodesPerCellMax || _nodes.ContainsKey(advert.Node))
            _nodes[advert.Node] = new Refused(host, advert, reason);
        return true;
    }

    public void Forget(string node) => _nodes.Remove(node);

    public void ForgetHost(string host)
    {
        foreach (var node in _nodes.Where(n => n.Value.Host == host).Select(n => n.Key).ToList()) _nodes.Remove(node);
    }

    /// <summary>Why the node's last advertisement was refused; null: it was not.</summary>
    public string? ReasonOf(string node) => _nodes.GetValueOrDefault(node)?.Reason;

    /// <summary>Nodes of a host that it has and the cell does not take.</summary>
    public IEnumerable<string> Of(string host) => _nodes.Where(n => n.Value.Host == host).Select(n => n.Key);

    /// <summary>As the node describes itself; nothing of it may be used.</summary>
    public IEnumerable<NodeView> Views(string cell) => _nodes.Select(n => ViewOf(cell, n.Value));

    public NodeView? View(string cell, string node) =>
        _nodes.GetValueOrDefault(node) is { } refused ? ViewOf(cell, refused) : null;

    private static NodeView ViewOf(string cell, Refused refused)
    {
        var advert = refused.Advert;
        var view = new NodeView
        {
            Node = advert.Node,
            Cell = cell,
            Host = refused.Host,
            Model = advert.Model,
            Tier = advert.Tier,
            Devices = advert.Devices,
            CpuMilli = advert.CpuMilli,
            MemoryMib = advert.MemoryMib,
            State = "refused",
            Reason = refused.Reason,
            Incarnation = advert.Incarnation,
        };
        foreach (var (key, value) in advert.Labels) view.Labels.Add(key, value);
        return view;
    }
}
