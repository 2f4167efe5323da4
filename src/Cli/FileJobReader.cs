using Stockpile.Core.Jobs;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Policies;
using Stockpile.Formats.Sources;
using Stockpile.Hosting.Configuration;

namespace Stockpile.Cli;

/// <summary>Reads job files, scenarios and traces with the catalogue and policy that came with the program.</summary>
public sealed class FileJobReader : IJobReader
{
    public IReadOnlyList<JobSpec> Read(string source)
    {
        try
        {
            var catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));
            var policy = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), catalog);
            return [.. JobSource.Read(source, catalog, policy, seed: 1).Jobs.Select(job => job.Spec)];
        }
        catch (InputException fault)
        {
            throw new CliException(ExitCodes.Refused, fault.Message);
        }
    }
}
