using Stockpile.Core.Jobs;

namespace Stockpile.Tests.Shared;

/// <summary>A kind of job that keeps arriving: on average one in each interval, at random times.</summary>
/// <param name="Lives">A service is cancelled when it is so old; zero: never.</param>
public sealed record Arrivals(TimeSpan Every, JobSpec Spec, TimeSpan Lives = default);
