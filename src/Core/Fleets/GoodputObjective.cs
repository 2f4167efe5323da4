using Stockpile.Core.Jobs;

namespace Stockpile.Core.Fleets;

/// <summary>
/// Most work done per hour of the fleet: who gains from speed takes the model on which it does most per device, links
/// included, and who does not (a task of fixed duration, a replica) leaves the fast ones to them. A heuristic for the
/// objective that Gavel (Narayanan et al., OSDI'20) solves as a linear program: one job at a time, in queue order.
/// </summary>
public sealed class GoodputObjective : IObjective
{
    public string Name => "goodput";

    public IEnumerable<Alternative> Order(
        JobSpec spec, IReadOnlyList<Alternative> alternatives, Catalog catalog, Policy policy)
    {
        var gains = spec.WorkHours > 0 && spec.Duration == TimeSpan.Zero;
        double Speed(Alternative a) => catalog.RelativeSpeed(a.Model)
            * (spec.Kind == JobKind.Training
                ? RunTimes.Efficiency(catalog, policy.Gangs, a.Model, spec.Devices)
                : 1);
        var byHome = alternatives.OrderBy(a => a.Guest);
        return (gains ? byHome.ThenByDescending(Speed) : byHome.ThenBy(Speed))
            .ThenBy(a => a.Model, StringComparer.Ordinal);
    }

    public double? Rank(JobSpec spec, IReadOnlyList<Alternative> home, double done, TimeSpan waited, Catalog catalog,
        Policy policy) => null;
}
