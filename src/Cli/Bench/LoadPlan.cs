using Stockpile.Core.Jobs;
using Stockpile.Scheduler.Api.Contracts;

namespace Stockpile.Cli.Bench;

/// <summary>The load that <c>stockpile bench</c> puts on a cluster.</summary>
/// <param name="Jobs">Submissions at most.</param>
/// <param name="Rate">Submissions per second, at set times; null: as fast as the clients get answers.</param>
/// <param name="Clients">Requests under way at most, each on a connection that is kept.</param>
/// <param name="For">Real time in which submissions begin; null: no bound.</param>
/// <param name="Job">What each job is; the names differ.</param>
internal sealed record LoadPlan(long Jobs, double? Rate, int Clients, TimeSpan? For, JobRequest Job)
{
    public const string Tenant = "bench";

    /// <summary>Submissions per second at most; a higher rate is a mistake in the unit.</summary>
    public const double RateMax = 1_000_000;

    public const int ClientsMax = 4_096;

    public const long JobsMax = 100_000_000;

    /// <summary>Names of the run's jobs begin so.</summary>
    public string Prefix { get; } = $"bench-{Guid.NewGuid():N}"[..14] + "-";

    /// <summary>Submissions that fall into the time and the number given; null: no bound but the time.</summary>
    public long? Planned => (Rate, For) switch
    {
        ({ } rate, { } time) => Math.Min(Jobs, (long)Math.Ceiling(rate * time.TotalSeconds)),
        (null, { }) => null,
        _ => Jobs,
    };

    /// <summary>A batch task that waits for nothing else than a device.</summary>
    public static JobRequest Task(TimeSpan duration, int? devices, int? share) => new()
    {
        Kind = JobKind.Batch,
        Tenant = Tenant,
        Tasks = 1,
        Devices = share is null ? devices ?? 1 : devices,
        Share = share,
        Duration = duration,
    };
}
