using Stockpile.Core.Jobs;

namespace Stockpile.Core.Fleets;

/// <summary>
/// Finish-time fairness: inside a priority class the job that sharing has delayed most comes first, by ρ = (waited +
/// what is left to run) ÷ (run time alone on its first choice), after Themis (Mahajan et al., NSDI'20). Short jobs do
/// not wait behind long ones, and a long one that has waited long enough passes them. A service has no end, so for
/// the comparison it runs an hour.
/// </summary>
public sealed class FinishTimeObjective : IObjective
{
    private static readonly TimeSpan ServiceTime = TimeSpan.FromHours(1);

    public string Name => "finish-time";

    public IEnumerable<Alternative> Order(
        JobSpec spec, IReadOnlyList<Alternative> alternatives, Catalog catalog, Policy policy) => alternatives;

    public double? Rank(JobSpec spec, IReadOnlyList<Alternative> home, double done, TimeSpan waited, Catalog catalog,
        Policy policy)
    {
        var alone = home.Count == 0 ? TimeSpan.Zero
            : RunTimes.Of(spec, catalog, policy.Gangs, home[0].Model, spec.Devices);
        if (alone <= TimeSpan.Zero) alone = ServiceTime;
        return -((waited + alone * (1 - done)) / alone);
    }
}
