namespace Stockpile.Tidy.Tests;

/// <summary>Each rule fails on what it forbids and passes what only looks like it.</summary>
public sealed class RulesTests
{
    [Theory]
    [InlineData("var now = DateTime.Now;")]
    [InlineData("var now = DateTime.UtcNow;")]
    [InlineData("var now = DateTimeOffset.UtcNow;")]
    [InlineData("var now = System.DateTime.UtcNow;")]
    [InlineData("var watch = Stopwatch.StartNew();")]
    [InlineData("var random = new Random(7);")]
    [InlineData("var n = Random.Shared.Next();")]
    [InlineData("var id = Guid.NewGuid();")]
    [InlineData("var text = File.ReadAllText(path);")]
    [InlineData("var text = System.IO.File.ReadAllText(path);")]
    [InlineData("Console.WriteLine(1);")]
    [InlineData("Thread.Sleep(1);")]
    [InlineData("await Task.Delay(1);")]
    [InlineData("public async ValueTask Run() { }")]
    [InlineData("var text = $\"at {DateTime.UtcNow}\";")]
    public void An_impure_core_is_found(string code) => Fails(Rules.CoreIsPure, code);

    [Theory]
    [InlineData("// DateTime.UtcNow is read by the shell.")]
    [InlineData("/* new Random(7) */ var seed = 7;")]
    [InlineData("var text = \"DateTime.UtcNow\";")]
    [InlineData("var text = \"\"\"\n  File.ReadAllText \"quoted\"\n  \"\"\";")]
    [InlineData("var n = placed.Task.ToString();")]
    [InlineData("var profile = MyFile.Name;")]
    [InlineData("var quote = '\"'; // Guid.NewGuid()")]
    public void A_pure_core_passes(string code) => Passes(Rules.CoreIsPure, code);

    [Theory]
    [InlineData("var reply = ask.Result;")]
    [InlineData("ask.Wait();")]
    [InlineData("ask.GetAwaiter().GetResult();")]
    [InlineData("Thread.Sleep(10);")]
    [InlineData("private async void Run()")]
    public void A_blocked_thread_is_found(string code) => Fails(Rules.NothingBlocks, code);

    [Theory]
    [InlineData("var results = reply.Results;")]
    [InlineData("await WaitForShutdownAsync();")]
    [InlineData("private async Task Run()")]
    public void Code_that_does_not_block_passes(string code) => Passes(Rules.NothingBlocks, code);

    [Fact]
    public void A_use_of_the_console_is_found() => Fails(Rules.NoConsole, "System.Console.Error.WriteLine(error);");

    [Fact]
    public void A_library_with_console_in_its_name_passes() => Passes(Rules.NoConsole, "using Spectre.Console.Cli;");

    [Fact]
    public void A_randomized_hash_is_found() =>
        Fails(Rules.NoRandomizedHash, "var shard = key.GetHashCode() % shards;");

    [Fact]
    public void An_own_hash_passes() => Passes(Rules.NoRandomizedHash, "public override int GetHashCode() => Number;");

    [Fact]
    public void A_file_of_401_lines_is_too_long()
    {
        Passes(Rules.NotTooLong, string.Concat(Enumerable.Repeat("x\n", Rules.LinesMax)));
        Fails(Rules.NotTooLong, string.Concat(Enumerable.Repeat("x\n", Rules.LinesMax + 1)));
    }

    [Fact]
    public void A_line_of_121_columns_is_too_wide()
    {
        Passes(Rules.NotTooWide, new string('x', Rules.ColumnsMax));
        Fails(Rules.NotTooWide, "x\n" + new string('x', Rules.ColumnsMax + 1));
    }

    [Theory]
    [InlineData("// TODO: later")]
    [InlineData("throw new NotImplementedException();")]
    public void Unfinished_code_is_found(string code) => Fails(Rules.NothingUnfinished, code);

    [Theory]
    [InlineData("PackageReference")]
    [InlineData("ProjectReference")]
    [InlineData("FrameworkReference")]
    public void A_reference_of_the_core_is_found(string kind) =>
        Fails(Rules.NoReferences, $"<Project><ItemGroup><{kind} Include=\"Akka\" /></ItemGroup></Project>");

    [Fact]
    public void A_comment_about_references_passes() =>
        Passes(Rules.NoReferences, "<Project><!-- No <PackageReference/> here. --></Project>");

    [Theory]
    [InlineData("port = 8080")]
    [InlineData("# About the file.\n\nport = 8080")]
    [InlineData("# A port.\nport = 8080\n\nhost = \"a#b\"")]
    [InlineData("cell {\n  # Nodes.\n  nodes = 3\n\n  racks = 2\n}")]
    [InlineData("# A block.\ncell {\n  nodes = 3\n}\n\nracks : 2")]
    public void A_setting_without_a_comment_is_found(string conf) => Fails(Rules.SettingsAreExplained, conf);

    [Theory]
    [InlineData("# The port.\nport = 8080")]
    [InlineData("port = 8080 # The port.")]
    [InlineData("port = 8080 // The port.")]
    [InlineData("# One cell.\ncell {\n  nodes = 3\n\n  racks = 2\n}")]
    [InlineData("cell {\n  # Both.\n  nodes = 3\n  \"rack.count\" = 2\n}")]
    [InlineData("# memory  In GiB.\n\nchip {\n  memory = 80\n}")]
    [InlineData("include \"akka.conf\"")]
    public void A_setting_with_a_comment_passes(string conf) => Passes(Rules.SettingsAreExplained, conf);

    [Fact]
    public void A_link_that_leads_nowhere_is_found()
    {
        Assert.Equal(["docs/page.md:2: the link to ../b.md leads nowhere"], Links("x\n[a](a.md) [b](../b.md#part)"));
        Assert.Empty(Links("[a](a.md#x) [web](https://b.example) [up](../c.md) [root](/c.md) [here](#x)"));
        Assert.Empty(Links("`[b](b.md)`\n```\n[b](b)\n```"));
    }

    [Fact]
    public void A_project_outside_the_solution_is_found()
    {
        var solution = new SourceFile("s.slnx", "<Solution><Project Path=\"src/A/A.csproj\" /></Solution>");
        Assert.Empty(Rules.ProjectsInSolution(solution, ["src/A/A.csproj"]));
        Assert.Equal(["src/B/B.csproj is not in s.slnx"], Rules.ProjectsInSolution(solution, ["src/B/B.csproj"]));
    }

    [Fact]
    public void A_finding_names_the_line()
    {
        var text = "/* two\n lines */ var a = @\"one\"\"\n\";\nvar b = Guid.NewGuid();\n";
        var file = new SourceFile("src/Core/X.cs", text);
        Assert.Equal(["src/Core/X.cs:4: Guid.NewGuid is not pure"], Rules.CoreIsPure(file));
    }

    private static IEnumerable<string> Links(string text) =>
        Rules.LinksResolve(new SourceFile("docs/page.md", text), path => path is "docs/a.md" or "c.md");

    private static void Fails(Func<SourceFile, IEnumerable<string>> rule, string text) =>
        Assert.Single(rule(new SourceFile("sample", text)));

    private static void Passes(Func<SourceFile, IEnumerable<string>> rule, string text) =>
        Assert.Empty(rule(new SourceFile("sample", text)));
}
