using Stockpile.Core.Jobs;

namespace Stockpile.Formats.Jobs;

/// <summary>A job and when it is submitted, counted from the start of the run.</summary>
public sealed record ScheduledJob(TimeSpan Arrival, JobSpec Spec);

/// <summary>The jobs of a run, in the order of their arrival.</summary>
/// <param name="Reserve">Path of the long-term scenario that goes with it; null: none.</param>
public sealed record Scenario(string Name, IReadOnlyList<ScheduledJob> Jobs, string? Reserve = null);
