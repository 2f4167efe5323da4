using Stockpile.Core.Fleets;
namespace Stockpile.Core.Jobs;
public static class JobValidator { public static IReadOnlyList<Refusal> Validate(JobSpec spec, Catalog catalog, Policy policy) => []; }
