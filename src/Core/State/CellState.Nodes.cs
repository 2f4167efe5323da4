using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

public sealed partial class CellState
{
    private readonly Catalog _plain;

    /// <summary>How many nodes have each variant; lost ones count, for they are expected back.</summary>
    private readonly SortedDictionary<string, int> _variants = new(StringComparer.Ordinal);

    /// <summary>A node comes, or comes back. What is still bound on it goes on there in its new shape: the rest has
    /// ended before.</summary>
    private void ApplyAdmitted(NodeAdmitted e)
    {
        var accelerator = Catalog.Find(e.Model, e.Tier) ?? throw new InvariantBrokenException(
            $"node {e.Node} has the model {e.Model}{(e.Tier.Length > 0 ? $" in the tier {e.Tier}" : "")}, "
            + "which accelerators.conf no longer has");
        var known = FindNode(e.Node);
        var node = new NodeState(known?.Index ?? _nodes.Count, e, accelerator)
        {
            Draining = known?.Draining ?? false,
            DrainBy = known?.DrainBy,
            Health = known?.Health ?? NodeHealth.Steady,
        };
        // It proves to be steady from now on, and not while it was away.
        if (known?.Lost == true && node.Health.IsUnsteady) node.Health = node.Health with { Since = At };
        var stays = (known?.Allocations ?? []).Select(AllocationOf).ToList();
        foreach (var allocation in stays) Withdraw(allocation);
        if (known is null) _nodes.Add(node);
        else _nodes[node.Index] = node;
        if (known is { Lost: false }) Usage.Devices(known, -1);
        _nodesById[e.Node] = node;
        Usage.Devices(node, +1);
        CountVariants(known, node);
        foreach (var allocation in stays) PutBack(allocation, node);
        Index.Update(node, freed: true);
        Tenants.Update(node);
        TierChanged(accelerator.Tier);
        if (known is not null && known.Accelerator.Tier != accelerator.Tier) TierChanged(known.Accelerator.Tier);
        // What was promised on it may not be there any more.
        if (known is not null) Queue.Reconsider();
    }

    /// <summary>
    /// A quota is a part of its tier. With the tier grows what a tenant may hold on all of its models; when it shrinks,
    /// others hold more than is theirs, which their owner may take back. No device is freed by either.
    /// </summary>
    private void TierChanged(string tier)
    {
        if (Policy.Queue.Quotas.Any)
            Index.Raise(Catalog.Models.Where(m => m.Tier == tier).Select(m => m.Model));
    }

    private void Withdraw(AllocationState allocation)
    {
        if (allocation.Job.Spec.Kind != JobKind.Training) Tasks.Withdraw(allocation);
        _upward.Remove(allocation.Sequence);
        Releases.Remove(allocation);
        Usage.Use(allocation, -1);
        Tenants.Use(allocation, -1);
    }

    private void PutBack(AllocationState allocation, NodeState node)
    {
        allocation.Node = node;
        node.Bind(allocation);
        Releases.Add(allocation);
        Note(allocation);
        Usage.Use(allocation, +1);
        Tenants.Use(allocation, +1);
    }

    /// <summary>When the first node of a variant comes or the last one goes, jobs may run on other models than before.
    /// </summary>
    private void CountVariants(NodeState? before, NodeState after)
    {
        var was = before?.Accelerator;
        var now = after.Accelerator;
        if (was?.Model == now.Model) return;
        var changed = false;
        if (now.IsVariant)
        {
            var count = _variants.GetValueOrDefault(now.Model);
            _variants[now.Model] = count + 1;
            changed |= count == 0;
        }

        if (was is { IsVariant: true } && --_variants[was.Model] == 0)
        {
            _variants.Remove(was.Model);
            changed = true;
        }

        if (!changed) return;
        Catalog = _plain.WithVariants(_variants.Keys);
        Queue.Reclass(_jobs.Values, Catalog);
        _upward.Clear();
        foreach (var allocation in _allocations.Values) NoteUpward(allocation);
        // The mix of tasks that is expected names models.
        MixNodes = -1;
    }
}
