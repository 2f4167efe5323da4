using System.Text.Json;
using System.Text.RegularExpressions;

namespace Stockpile.Tidy.Tests;

/// <summary>
/// The promises of a page, each with the tests that hold it and the suites in which those run. A test is a link into
/// <c>tests/</c>, the bare name of a test class, an invariant of the simulation or a fault in backticks.
/// </summary>
internal sealed partial class Guarantees(IReadOnlyList<SourceFile> files)
{
    private const string Header = "| Promise | Held by | Suites |";
    private const string Simulation = "tests/Simulation/SimulationTests.cs";
    private const string Faults = "tests/Cluster/FaultTests.cs";
    private const string Fuzz = "tests/Fuzz";

    private readonly HashSet<string> _fast =
    [
        .. from project in JsonDocument.Parse(TextOf(files, "Fast.slnf")).RootElement
               .GetProperty("solution").GetProperty("projects").EnumerateArray()
           select Path.GetDirectoryName(project.GetString())!,
    ];

    private readonly string _invariants = TextOf(files, "tests/Simulation/Invariants/Violation.cs");
    private readonly string _faults = TextOf(files, "tests/Shared/Faults/Faults.cs");

    /// <summary>Tests that are not there, and rows whose suites are none or not those of their tests.</summary>
    public IEnumerable<string> Findings(SourceFile page)
    {
        var first = Array.IndexOf(page.Lines, Header);
        if (first < 0) return [$"{page.Path}: has no table {Header}"];
        return page.Lines.Index().Skip(first + 2).TakeWhile(line => line.Item.StartsWith('|')).SelectMany(
            line => OfRow(page, line.Item).Select(found => $"{page.Path}:{line.Index + 1}: {found}"));
    }

    private List<string> OfRow(SourceFile page, string row)
    {
        if (row.Split('|', StringSplitOptions.TrimEntries) is not [_, _, var held, var said, _])
            return ["is no row of three cells"];
        var missing = new List<string>();
        var tests = new HashSet<string>(StringComparer.Ordinal);
        foreach (Match link in TestLink().Matches(held)) Take(link.Groups[1].Value, InPath(link.Groups[1].Value));
        foreach (Match name in TestClass().Matches(TestLink().Replace(held, "")))
            Take(name.Value, Tests().Where(f => f.Text.Contains($"class {name.Value}", StringComparison.Ordinal)));
        foreach (Match name in Quoted().Matches(held))
        {
            var word = name.Groups[1].Value;
            if (Invariant().IsMatch(word))
                Take(word, Regex.IsMatch(_invariants, $@"^\s+{word},", RegexOptions.Multiline)
                    ? InPath(Simulation)
                    : []);
            if (Fault().IsMatch(word))
                Take(word, _faults.Contains($"\"{word}\"", StringComparison.Ordinal) ? InPath(Faults) : []);
        }

        var suites = new List<string>();
        if (tests.Any(IsFast)) suites.Add("fast");
        if (tests.Any(t => !IsFast(t))) suites.Add("release");
        if (suites.Count == 0) return [.. missing, "no test of the fast suite or of a release holds it"];
        // What is random or breaks things is done again at night, and more of it.
        if (tests.Any(t => t is Simulation or Faults || t.StartsWith(Fuzz, StringComparison.Ordinal)))
            suites.Add("nightly");
        var run = string.Join(", ", suites);
        return said == run ? missing : [.. missing, $"its tests run in '{run}', and it says '{said}'"];

        void Take(string what, IEnumerable<SourceFile> found)
        {
            var known = found.Select(f => f.Path).ToList();
            if (known.Count == 0) missing.Add($"there is no test {what}");
            tests.UnionWith(known);
        }

        IEnumerable<SourceFile> InPath(string path) =>
            Tests().Where(f => f.Path == path || f.IsUnder(path));
    }

    private IEnumerable<SourceFile> Tests() => files.Where(f => f.IsUnder("tests") && TestMark().IsMatch(f.Text));

    private bool IsFast(string path) => _fast.Any(folder => path.StartsWith(folder + "/", StringComparison.Ordinal))
        && !TextOf(files, path).Contains("[Trait(\"Suite\", \"release\")]\npublic", StringComparison.Ordinal);

    private static string TextOf(IReadOnlyList<SourceFile> files, string path) =>
        files.FirstOrDefault(f => f.Path == path)?.Text ?? throw new FileNotFoundException($"{path} is missing");

    [GeneratedRegex(@"\]\(\.\./(tests/(?!Shared/)[^)#\s]+)\)")]
    private static partial Regex TestLink();

    [GeneratedRegex(@"(?<!\[)\b[A-Z]\w*Tests\b")]
    private static partial Regex TestClass();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex("^[A-Z][a-z]+[A-Z][A-Za-z]+$")]
    private static partial Regex Invariant();

    [GeneratedRegex("^[a-z]+(-[a-z]+)+$")]
    private static partial Regex Fault();

    [GeneratedRegex(@"^\s*\[(Fact|Theory)\b", RegexOptions.Multiline)]
    private static partial Regex TestMark();
}
