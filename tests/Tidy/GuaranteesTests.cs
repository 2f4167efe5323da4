namespace Stockpile.Tidy.Tests;

/// <summary>Every promise of docs/guarantees.md is held by a test that is there and runs before a release.</summary>
public sealed class GuaranteesTests
{
    private const string Command = "dotnet test Stockpile.slnx -c Release -m:1 --settings tests/release.runsettings";

    private static readonly SourceFile[] House =
    [
        new("Fast.slnf", """{"solution":{"projects":["tests/Core/C.csproj","tests/Simulation/S.csproj"]}}"""),
        new("tests/Simulation/Invariants/Violation.cs", "enum Invariant\n{\n    NeverGone,\n}\n"),
        new("tests/Simulation/SimulationTests.cs", "class SimulationTests\n    [Fact]\n"),
        new("tests/Shared/Faults/Faults.cs", "new(\"fill-disk\", 1)"),
        new("tests/Cluster/FaultTests.cs", "class FaultTests\n    [Theory]\n"),
        new("tests/Core/QuickTests.cs", "class QuickTests\n    [Fact]\n"),
        new("tests/Core/LongTests.cs", "[Trait(\"Suite\", \"release\")]\npublic class LongTests\n    [Fact]\n"),
        new("tests/Core/Helper.cs", "class Helper\n"),
    ];

    [Theory]
    [InlineData("[QuickTests](../tests/Core/QuickTests.cs)", "fast")]
    [InlineData("[LongTests](../tests/Core/LongTests.cs)", "release")]
    [InlineData("LongTests: so; [QuickTests](../tests/Core/QuickTests.cs), see `stockpile audit`", "fast, release")]
    [InlineData("the fault `fill-disk`", "release, nightly")]
    [InlineData("Simulation: `NeverGone`", "fast, nightly")]
    public void A_promise_with_its_tests_and_their_suites_passes(string held, string suites) =>
        Assert.Empty(Of(held, suites));

    [Theory]
    [InlineData("somebody looks at it", "fast", "no test of the fast suite or of a release holds it")]
    [InlineData("[QuickTests](../tests/Core/QuickTests.cs)", "", "its tests run in 'fast', and it says ''")]
    [InlineData("[QuickTests](../tests/Core/QuickTests.cs)", "nightly", "its tests run in 'fast'")]
    [InlineData("[LongTests](../tests/Core/LongTests.cs)", "fast", "its tests run in 'release'")]
    [InlineData("QuickTests and [Helper](../tests/Core/Helper.cs)", "fast", "there is no test tests/Core/Helper.cs")]
    [InlineData("QuickTests and GoneTests", "fast", "there is no test GoneTests")]
    [InlineData("QuickTests and `AlwaysGone`", "fast", "there is no test AlwaysGone")]
    [InlineData("QuickTests and `lose-disk`", "fast", "there is no test lose-disk")]
    public void A_promise_without_a_test_that_is_there_and_runs_is_found(string held, string suites, string found) =>
        Assert.Contains(found, Assert.Single(Of(held, suites)), StringComparison.Ordinal);

    [Fact]
    public void Every_promise_names_tests_that_are_there_and_their_suites()
    {
        var page = Assert.Single(Tree.Files, f => f.Path == "docs/guarantees.md");
        var findings = new Guarantees(Tree.Files).Findings(page).ToList();
        Assert.True(findings.Count == 0, string.Join('\n', findings));
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData(".ci/run")]
    [InlineData("docs/testing.md")]
    public void A_release_is_tested_in_full_size(string path) =>
        Assert.Contains(Command, File.ReadAllText(Path.Combine(Tree.Root, path)), StringComparison.Ordinal);

    private static List<string> Of(string held, string suites) =>
    [
        .. new Guarantees(House).Findings(new SourceFile(
            "docs/page.md", $"| Promise | Held by | Suites |\n|---|---|---|\n| It holds | {held} | {suites} |\n")),
    ];
}
