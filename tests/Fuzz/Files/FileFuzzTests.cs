using Stockpile.Formats.Fleets;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Jobs;
using Stockpile.Formats.Policies;
using Stockpile.Formats.Traces;
using Stockpile.Fuzz.Tests.Harness;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Processes;

namespace Stockpile.Fuzz.Tests.Files;

/// <summary>Files of people: a reader takes them or refuses them in one line with file, line and key.</summary>
public sealed class FileFuzzTests
{
    private const string File = "the file.conf";

    [Fact]
    public Task Job_files_are_read_or_refused() => Run("jobs", Cases.Jobs, Seeds.Jobs,
        text => JobFile.ParseText(text, Seeds.Catalog, Seeds.Policy, File));

    [Fact]
    public Task Fleet_files_are_read_or_refused() => Run("fleets", Cases.Fleets, Seeds.Fleets,
        text => FleetFile.ParseText(text, Seeds.Catalog, File),
        // A file of a few lines may describe 20,000 nodes a cell.
        allocatedBytesBase: 256L * 1024 * 1024);

    [Fact]
    public Task Scenario_files_are_read_or_refused() => Run("scenarios", Cases.Scenarios, Seeds.Scenarios,
        text => ScenarioFile.ParseText(text, Seeds.Catalog, Seeds.Policy, 1, File),
        // Or a million jobs, each with a name of its own.
        allocatedBytesBase: 1024L * 1024 * 1024);

    [Fact]
    public Task Policy_files_are_read_or_refused() => Run("policies", Cases.Policies, Seeds.Policies,
        text => PolicyFile.ParseText(text, Seeds.Catalog, File));

    [Fact]
    public Task Accelerator_files_are_read_or_refused() => Run("accelerators", Cases.Accelerators, Seeds.Catalogs,
        text => CatalogFile.ParseText(text, File));

    [Fact]
    public Task Node_lists_are_read_or_refused() => Run("nodes", Cases.Nodes, Seeds.Nodes,
        text => OpenbTrace.ParseNodes(text, catalog: Seeds.Catalog, file: File));

    [Fact]
    public Task Pod_lists_are_read_or_refused() => Run("pods", Cases.Pods, Seeds.Pods,
        text => OpenbTrace.ParseJobs(text, Seeds.Catalog, File));

    /// <summary>The settings of a process, from a file, a variable or an assignment.</summary>
    [Fact]
    public async Task Settings_are_read_or_refused()
    {
        var folder = Directory.CreateTempSubdirectory("stockpile-fuzz-").FullName;
        var path = Path.Combine(folder, "user.conf");
        try
        {
            await Run("settings", Cases.Settings, Seeds.Settings, text =>
            {
                System.IO.File.WriteAllBytes(path, System.Text.Encoding.UTF8.GetBytes(text));
                try
                {
                    ProcessSettings.Read(SettingLayers.Read(path, [], []));
                }
                catch (InputException refused)
                {
                    Clear.Line(refused.Message);
                    throw new InputException(File, 1, "", "refused");
                }
            }, allocatedBytesBase: 16 * 1024 * 1024);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<FuzzCount> Run(
        string family, int cases, string[] seeds, Action<string> read, long allocatedBytesBase = 4 * 1024 * 1024)
    {
        var mutator = new TextMutator(seeds, Seeds.WordsOf(seeds));
        return new FuzzRun<string>(
            family, cases, mutator.Next, text => ValueTask.FromResult(Clear.Reads(File, () => read(text))))
        {
            SizeOf = text => text.Length,
            Show = text => text,
            AllocatedBytesBase = allocatedBytesBase,
        }.RunAsync();
    }
}
