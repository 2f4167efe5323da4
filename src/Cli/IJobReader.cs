using Stockpile.Core.Jobs;

namespace Stockpile.Cli;

/// <summary>Reads the jobs of a file, or of a trace written as <c>openb:FILE</c>.</summary>
public interface IJobReader
{
    /// <exception cref="CliException">A file cannot be read, or a job in it is not allowed; in one line.</exception>
    IReadOnlyList<JobSpec> Read(string source);
}
