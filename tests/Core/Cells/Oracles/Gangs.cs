using Stockpile.Core.Jobs;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>A training job holds nothing, or exactly a gang.</summary>
public static class Gangs
{
    public static IEnumerable<string> Complaints(CellImage image)
    {
        var specs = image.Jobs.ToDictionary(j => j.Number, j => j.Spec);
        var nodes = image.Nodes.ToDictionary(n => n.Admitted.Node, n => n.Admitted);
        var models = image.Nodes.ToDictionary(n => n.Admitted.Node, n => Rules.ChipOf(n.Admitted).Model);
        foreach (var gang in image.Allocations.Where(a => specs[a.Job].Kind == JobKind.Training).GroupBy(a => a.Job))
        {
            var spec = specs[gang.Key];
            var devices = gang.Sum(a => Rules.DevicesOf(a.Placed).Count());
            if (devices < Rules.Least(spec) || devices > Rules.Most(spec))
                yield return $"job {gang.Key} holds {devices}, not {Rules.Least(spec)}..{Rules.Most(spec)} devices";
            if (gang.Select(a => models[a.Placed.Node]).Distinct().Count() > 1)
                yield return $"the gang of job {gang.Key} is spread over several models";
            if (gang.Select(a => a.Placed.Node).Distinct().Count() != gang.Count())
                yield return $"job {gang.Key} holds a node twice";
            if (spec.PerNode > 0 && gang.Any(a => Rules.DevicesOf(a.Placed).Count() != spec.PerNode))
                yield return $"job {gang.Key} does not hold {spec.PerNode} devices on each node";
            var domains = gang.Select(a => Rules.Domain(spec, nodes[a.Placed.Node])).Distinct().ToList();
            if (domains.Count > 1 || domains[0].Length == 0)
                yield return $"job {gang.Key} lies in {domains.Count} of the {spec.TopologyRequired} it has to share";
            if (gang.Any(a => a.Placed.ShareMilli != 0 || Rules.DevicesOf(a.Placed).Count() != a.Placed.Ranks))
                yield return $"a rank of job {gang.Key} has no whole device of its own";
            if (gang.Select(a => a.PlacedAt).Distinct().Count() > 1)
                yield return $"the gang of job {gang.Key} was not placed at once";
        }
    }
}
