using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;

namespace Stockpile.Core.Routing;

/// <summary>Whether a cell could ever run a job, were all of it free, as far as its status tells.</summary>
public enum Possible
{
    Never,

    /// <summary>Its status does not tell: the cell has to be asked.</summary>
    Perhaps,
    Surely,
}

/// <summary>How good a cell is for a job; the smaller, the better.</summary>
/// <param name="Level">Where the job would be: the place in the order of alternatives, then who would have to leave,
/// then waiting. For several tasks, the mean over them.</param>
/// <param name="Fewer">Devices that a gang would get less than elsewhere, as a negative size.</param>
/// <param name="Gap">Thousandths of devices that would stay free on the tightest node, or device, that holds it; 0 for
/// batch tasks that all have room.</param>
/// <param name="Load">Taken and waited for, over what suits the job; the negative of it for batch tasks that all have
/// room. Those go to the fullest cell: what is free then lies together, and more of it is of use in the end (measured;
/// see docs/placement.md). Services and gangs stay, so they go where there is room to grow.</param>
public readonly record struct CellRank(double Level, int Fewer, int Gap, double Load) : IComparable<CellRank>
{
    /// <summary>Gangs of a lower class would leave; the place of the model is added.</summary>
    public const double Preempting = 1_000;

    /// <summary>Guests would leave for a task at home; the place of the model is added.</summary>
    public const double PushingGuests = 2_000;

    /// <summary>As a guest; the place of the model is added.</summary>
    public const double AsGuest = 3_000;

    public const double Waiting = 4_000;

    /// <summary>The job would have its devices at once, of those that are free or that guests hold.</summary>
    public bool Fits => Level < Preempting;

    /// <summary>What the cell was sent since its last status, in steps of <see cref="Limits.SentPerStep"/> jobs.
    /// However good a cell looks, a burst goes on to the next: nobody knows what other routers send there.</summary>
    public int Sent { get; init; }

    public int CompareTo(CellRank other)
    {
        var order = Level.CompareTo(other.Level);
        if (order == 0) order = Fewer.CompareTo(other.Fewer);
        if (order == 0) order = Sent.CompareTo(other.Sent);
        if (order == 0) order = Gap.CompareTo(other.Gap);
        return order != 0 ? order : Load.CompareTo(other.Load);
    }

    public static bool operator <(CellRank left, CellRank right) => left.CompareTo(right) < 0;
    public static bool operator >(CellRank left, CellRank right) => left.CompareTo(right) > 0;
    public static bool operator <=(CellRank left, CellRank right) => left.CompareTo(right) <= 0;
    public static bool operator >=(CellRank left, CellRank right) => left.CompareTo(right) >= 0;
}

/// <summary>A job as routing sees it: what it asks for, and its alternatives in order.</summary>
/// <param name="Compete">The home models of its tasks compete by score, so none comes before another.</param>
public sealed record RoutedJob(
    JobSpec Spec, IReadOnlyList<Alternative> Home, IReadOnlyList<Alternative> Guest, bool Compete)
{
    public static RoutedJob Of(JobSpec spec, Catalog catalog, Policy policy)
    {
        var alternatives = Alternatives.Of(spec, catalog, policy);
        return Of(spec, alternatives, policy);
    }

    public static RoutedJob Of(JobSpec spec, IReadOnlyList<Alternative> alternatives, Policy policy) => new(
        spec, [.. alternatives.Where(a => !a.Guest)], [.. alternatives.Where(a => a.Guest)],
        policy.Placement.ModelsCompete && spec.Kind != JobKind.Training);

    /// <summary>Tasks that want devices at once; a gang is one.</summary>
    public int Tasks => Spec.Kind == JobKind.Training ? 1 : Math.Max(1, Spec.TaskCount);

    /// <summary>Whether labels or topology say where in a cell it must be, which no status tells.</summary>
    public bool IsBoundToDomain =>
        Spec.TopologyRequired != TopologyLevel.None || Spec.Labels.Keys.Any(Topology.IsDomainLabel);
}
