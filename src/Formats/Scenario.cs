using Stockpile.Core.Jobs;

namespace Stockpile.Formats;

/// <summary>A job and when it is submitted, counted from the start of the run.</summary>
public sealed record ScheduledJob(TimeSpan Arrival, JobSpec Spec);

/// <summary>The jobs of a run, in the order of their arrival.</summary>
public sealed record Scenario(string Name, IReadOnlyList<ScheduledJob> Jobs);
