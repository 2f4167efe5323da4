namespace Stockpile.Cli.Bench;

/// <summary>What <c>bench --json</c> prints. Seconds and milliseconds are real unless they say otherwise.</summary>
internal sealed record BenchReport
{
    public required Uri Server { get; init; }

    /// <summary>Submissions per second that were asked for; null: as fast as the clients get answers.</summary>
    public required double? Rate { get; init; }
    public required int Clients { get; init; }

    /// <summary>From the first submission to the last answer.</summary>
    public required double Seconds { get; init; }

    /// <summary>Requests that were sent.</summary>
    public required long Submitted { get; init; }

    /// <summary>Of those of the plan that fell into its time, how many could not even be sent: every client was
    /// waiting for an answer.</summary>
    public required long Unsent { get; init; }

    /// <summary>Answered with 201: durable.</summary>
    public required long Accepted { get; init; }

    /// <summary>Answered with anything else, by status.</summary>
    public required IReadOnlyList<RefusedReport> Refused { get; init; }

    /// <summary>Without an answer: nothing is known of them.</summary>
    public required IReadOnlyList<FailedReport> Failed { get; init; }
    public required RatesReport PerSecond { get; init; }
    public required LatenciesReport LatencyMs { get; init; }
    public required PlacementReport Placement { get; init; }

    /// <summary>Jobs of the run that had not ended after it and were cancelled; null: they were left.</summary>
    public required long? Cancelled { get; init; }
}

/// <param name="WithoutRetryAfter">How many of them did not say when to come again.</param>
internal sealed record RefusedReport(int Status, long Count, long WithoutRetryAfter);

internal sealed record FailedReport(string Why, long Count);

/// <param name="Placed">By the counters of the fleet, so with the jobs of others.</param>
internal sealed record RatesReport(double Submitted, double Accepted, double Refused, double Placed);

/// <summary>From the time a submission was due to its answer; null: there was none.</summary>
internal sealed record LatenciesReport(LatencyReport? Accepted, LatencyReport? Refused);

internal sealed record LatencyReport(long Count, double P50, double P90, double P99, double P999, double Max);

/// <param name="AtOnce">Jobs whose acceptance named their devices.</param>
/// <param name="AtOnceMs">From the time they were due to that answer, in milliseconds.</param>
/// <param name="StartedAfterSimulatedSeconds">From submission to start, of the jobs that the cluster still lists.
/// </param>
internal sealed record PlacementReport(
    long AtOnce, LatencyReport? AtOnceMs, LatencyReport? StartedAfterSimulatedSeconds);
