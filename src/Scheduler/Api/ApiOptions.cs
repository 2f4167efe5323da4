using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Hosting.Access;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Api;

/// <summary>What the API needs beside the gateway.</summary>
public sealed record ApiOptions
{
    /// <summary>Gives the order of the tiers in answers.</summary>
    public required Catalog Catalog { get; init; }

    /// <summary>All that is wrong with a job; empty when nothing is.</summary>
    public required Func<JobSpec, IReadOnlyList<Refusal>> Validate { get; init; }

    public required Func<JobSpec, JobSpecMsg> ToWire { get; init; }

    public required Func<JobSpecMsg, JobSpec> FromWire { get; init; }

    /// <summary>Who may do what; none: whoever gets here may do everything.</summary>
    public AccessTokens Tokens { get; init; } = AccessTokens.None;

    /// <summary>How long an answer may take; null: <see cref="SchedulerLimits.HttpAnswerSecondsMax"/>.</summary>
    public TimeSpan? AnswerTimeout { get; init; }

    /// <summary>How often the event stream looks for a new round.</summary>
    public TimeSpan EventInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a readiness check waits for the cells.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromSeconds(2);
}
