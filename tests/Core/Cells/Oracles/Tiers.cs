using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>Every allocation is on a model that its job allows, and is a guest exactly where it is no home.</summary>
public static class Tiers
{
    public static IEnumerable<string> Complaints(CellImage image, Policy policy)
    {
        var specs = image.Jobs.ToDictionary(j => j.Number, j => j.Spec);
        var nodes = image.Nodes.ToDictionary(n => n.Admitted.Node);
        foreach (var allocation in image.Allocations)
        {
            var spec = specs[allocation.Job];
            var node = nodes[allocation.Placed.Node].Admitted;
            var model = Rules.ChipOf(node);
            var what = $"allocation {allocation.Placed.Sequence} of {spec.Kind} job {allocation.Job} on {model.Model}";
            if (!Rules.Allows(spec, model, policy)) yield return $"{what} is where the job does not allow it";
            if (!Rules.HasLabels(spec, node)) yield return $"{what} lacks the labels of the job";
            var guest = Rules.IsGuest(spec, model, policy);
            if (allocation.Placed.Guest && !guest) yield return $"{what} is called a guest at home";
            if (!allocation.Placed.Guest && guest) yield return $"{what} is not called a guest on a better tier";
            if (allocation.Placed.Guest && !spec.Guest) yield return $"{what} is a guest against its will";
            if (allocation.Placed.ShareMilli != spec.ShareMilli)
                yield return $"{what} holds {allocation.Placed.ShareMilli}, not its share of {spec.ShareMilli}";
            var wanted = spec.ShareMilli > 0 ? 1 : spec.Devices;
            if (spec.Kind != JobKind.Training && Rules.DevicesOf(allocation.Placed).Count() != wanted)
                yield return $"{what} does not hold {wanted} devices";
        }
    }

    /// <summary>What a round placed lies on nodes that take work. The cycle is the last part of a round.</summary>
    public static IEnumerable<string> PlacementComplaints(Round round, CellImage after)
    {
        var closed = after.Nodes.Where(n => n.Lost || n.Draining).Select(n => n.Admitted.Node).ToHashSet();
        foreach (var placed in round.Events.OfType<JobPlaced>().SelectMany(p => p.Allocations))
            if (closed.Contains(placed.Node))
                yield return $"allocation {placed.Sequence} was placed on {placed.Node}, which takes no work";
    }
}
