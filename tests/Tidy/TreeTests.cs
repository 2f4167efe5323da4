namespace Stockpile.Tidy.Tests;

/// <summary>The rules of the house over the whole tree; <see cref="RulesTests"/> shows how each fails.</summary>
public sealed class TreeTests
{
    private static readonly Dictionary<string, string> NoExceptions = [];

    [Fact]
    public void The_core_refers_to_nothing() =>
        Hold(Rules.NoReferences, Tree.Files.Where(file => file.Path == "src/Core/Stockpile.Core.csproj"), NoExceptions);

    [Fact]
    public void The_core_reads_no_clock_rolls_no_dice_and_does_no_IO() =>
        Hold(Rules.CoreIsPure, Tree.Sources("src/Core"), NoExceptions);

    [Fact]
    public void Nothing_blocks_a_thread() => Hold(Rules.NothingBlocks, Tree.Sources("src"), Allowed.Blocking);

    [Fact]
    public void Only_the_command_line_uses_the_console() =>
        Hold(Rules.NoConsole, Tree.Sources("src").Where(file => !file.IsUnder("src/Cli")), Allowed.Console);

    [Fact]
    public void No_hash_differs_between_processes() =>
        Hold(Rules.NoRandomizedHash, Tree.Sources("src"), Allowed.Hashes);

    [Fact]
    public void No_file_is_too_long() =>
        Hold(Rules.NotTooLong, Tree.Sources("src", "tests", "bench"), Allowed.LongFiles);

    [Fact]
    public void No_line_is_too_wide() => Hold(Rules.NotTooWide, Tree.Sources("src", "tests", "bench"), NoExceptions);

    [Fact]
    public void Nothing_is_left_unfinished() =>
        Hold(Rules.NothingUnfinished, Tree.Files.Where(file => file.IsUnder("src", "hocon")), NoExceptions);

    [Fact]
    public void Every_setting_is_explained() =>
        Hold(Rules.SettingsAreExplained, Tree.Files.Where(IsSettings), NoExceptions);

    [Fact]
    public void Every_link_in_a_page_leads_somewhere() => Hold(
        page => Rules.LinksResolve(page, Tree.Exists),
        Tree.Files.Where(file => file.Path.EndsWith(".md", StringComparison.Ordinal)),
        NoExceptions);

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var projects = Tree.Files.Where(file => file.Path.EndsWith(".csproj", StringComparison.Ordinal))
            .Where(file => file.IsUnder("src", "tests", "bench")).Select(file => file.Path);
        Hold(solution => Rules.ProjectsInSolution(solution, projects),
            Tree.Files.Where(file => file.Path == "Stockpile.slnx"), NoExceptions);
    }

    [Theory]
    [InlineData("src/Scheduler")]
    [InlineData("src/Node")]
    [InlineData("tests")]
    [InlineData("hocon")]
    [InlineData("docker")]
    [InlineData("docs/adr")]
    [InlineData("README.md")]
    [InlineData("LICENSE")]
    [InlineData(".ci/run")]
    [InlineData("global.json")]
    [InlineData(".editorconfig")]
    public void The_house_has_what_a_visitor_looks_for(string path) =>
        Assert.True(Tree.Exists(path), $"{path} is missing");

    /// <summary>The files directly in hocon/: settings. In its folders are data: fleets, scenarios, jobs.</summary>
    private static bool IsSettings(SourceFile file) =>
        Path.GetDirectoryName(file.Path) == "hocon" && file.Path.EndsWith(".conf", StringComparison.Ordinal);

    /// <summary>
    /// No file breaks the rule, except those allowed with a reason, and those do break it: what is allowed but no
    /// longer needed is taken off the list. A rule that saw no file at all proves nothing.
    /// </summary>
    private static void Hold(
        Func<SourceFile, IEnumerable<string>> rule,
        IEnumerable<SourceFile> files,
        Dictionary<string, string> allowed)
    {
        var seen = files.ToArray();
        Assert.True(seen.Length > 0, "the rule saw no file");
        var broken = seen.SelectMany(file => rule(file).Select(text => (file.Path, Text: text))).ToArray();
        var findings = broken.Where(b => !allowed.ContainsKey(b.Path)).Select(b => b.Text);
        var stale = allowed.Keys.Except(broken.Select(b => b.Path)).Select(path => $"{path} is allowed but not needed");
        var unexplained = allowed.Where(a => a.Value.Length == 0).Select(a => $"{a.Key} is allowed without a reason");
        var all = findings.Concat(stale).Concat(unexplained).ToArray();
        Assert.True(all.Length == 0, string.Join('\n', all.Prepend($"{all.Length} findings:")));
    }
}
