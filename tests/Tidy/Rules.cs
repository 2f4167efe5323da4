using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Stockpile.Tidy.Tests;

/// <summary>
/// The rules that can be told from one file. Each gives the places where the file breaks it, as
/// <c>path:line: what is wrong</c>.
/// </summary>
internal static partial class Rules
{
    public const int LinesMax = 400;
    public const int ColumnsMax = 120;

    /// <summary>The core is pure: time, randomness and ids arrive as data, and it does no I/O.</summary>
    public static IEnumerable<string> CoreIsPure(SourceFile file) => Matches(file, Impure(), "is not pure");

    /// <summary>An actor that blocks its thread starves the others; an async void loses its exception.</summary>
    public static IEnumerable<string> NothingBlocks(SourceFile file) => Matches(file, Blocking(), "blocks or is lost");

    /// <summary>Services log; only the command line talks to a terminal.</summary>
    public static IEnumerable<string> NoConsole(SourceFile file) => Matches(file, ConsoleUse(), "belongs in src/Cli");

    /// <summary>.NET seeds string hashes anew in every process, so two processes would route one key apart.</summary>
    public static IEnumerable<string> NoRandomizedHash(SourceFile file) =>
        Matches(file, HashCall(), "differs from process to process; use a stable hash such as MurmurHash");

    public static IEnumerable<string> NotTooLong(SourceFile file)
    {
        if (file.Lines.Length > LinesMax) yield return $"{file.Path}: {file.Lines.Length} lines, more than {LinesMax}";
    }

    public static IEnumerable<string> NotTooWide(SourceFile file) =>
        file.Lines.Index().Where(line => line.Item.Length > ColumnsMax)
            .Select(line => $"{file.Path}:{line.Index + 1}: {line.Item.Length} columns, more than {ColumnsMax}");

    /// <summary>What is not done yet stands in an issue, not in the code; a stub would pass for a feature.</summary>
    public static IEnumerable<string> NothingUnfinished(SourceFile file) =>
        file.Lines.Index().Where(line => Unfinished().IsMatch(line.Item))
            .Select(line => $"{file.Path}:{line.Index + 1}: unfinished: {line.Item.Trim()}");

    /// <summary>The compiler keeps the core pure as long as its project refers to nothing.</summary>
    public static IEnumerable<string> NoReferences(SourceFile project) =>
        XDocument.Parse(project.Text).Descendants()
            .Where(element => element.Name.LocalName.EndsWith("Reference", StringComparison.Ordinal))
            .Select(element => $"{project.Path}: {element.Name.LocalName} {element.Attribute("Include")?.Value}");

    /// <summary>
    /// Every setting has a comment: on its line, above it in its paragraph, in the same way at a block around it, or
    /// one anywhere above that names its key, as a table of keys at the head of a file does.
    /// </summary>
    public static IEnumerable<string> SettingsAreExplained(SourceFile conf)
    {
        var blocks = new Stack<bool>();
        var named = new HashSet<string>(StringComparer.Ordinal);
        var paragraph = false;
        foreach (var (index, line) in conf.Lines.Select(line => line.Trim()).Index())
        {
            if (line.Length == 0) paragraph = false;
            var code = WithoutComment(line);
            paragraph |= code.Length < line.Length;
            named.UnionWith(Key().Matches(line[code.Length..]).Select(match => match.Value));
            var explained = paragraph || blocks.Contains(true);
            var setting = Setting().Match(code);
            if (setting.Success && !explained && !named.Contains(setting.Groups[1].Value))
                yield return $"{conf.Path}:{index + 1}: no comment explains {code}";
            foreach (var c in Quoted().Replace(code, ""))
            {
                if (c is '{' or '[') blocks.Push(explained);
                if (c is '}' or ']' && blocks.Count > 0) blocks.Pop();
            }
        }
    }

    /// <summary>A link to a file of the repository leads somewhere.</summary>
    public static IEnumerable<string> LinksResolve(SourceFile page, Func<string, bool> exists)
    {
        var fenced = false;
        foreach (var (index, line) in page.Lines.Index())
        {
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal)) fenced = !fenced;
            if (fenced) continue;
            foreach (Match match in Link().Matches(InlineCode().Replace(line, "")))
            {
                var target = Uri.UnescapeDataString(match.Groups[1].Value.Split('#')[0]);
                if (target.Length == 0 || HasScheme().IsMatch(target)) continue;
                if (!exists(Resolve(page.Path, target)))
                    yield return $"{page.Path}:{index + 1}: the link to {target} leads nowhere";
            }
        }
    }

    /// <summary>A project outside the solution is neither built nor tested by CI.</summary>
    public static IEnumerable<string> ProjectsInSolution(SourceFile solution, IEnumerable<string> projects)
    {
        var listed = XDocument.Parse(solution.Text).Descendants("Project")
            .Select(element => element.Attribute("Path")?.Value).ToHashSet();
        return projects.Where(project => !listed.Contains(project)).Select(p => $"{p} is not in {solution.Path}");
    }

    /// <summary>The path from the root; a target that starts with a slash is one already, as GitHub reads it.</summary>
    private static string Resolve(string page, string target)
    {
        const string root = "/root";
        var folder = target.StartsWith('/') ? "" : Path.GetDirectoryName(page) ?? "";
        return Path.GetRelativePath(root, Path.GetFullPath(Path.Combine(root, folder, target.TrimStart('/'))));
    }

    private static IEnumerable<string> Matches(SourceFile file, Regex forbidden, string why) =>
        Code.Lines(file.Text).Index()
            .Select(line => (line.Index, Match: forbidden.Match(line.Item)))
            .Where(line => line.Match.Success)
            .Select(line => $"{file.Path}:{line.Index + 1}: {line.Match.Value} {why}");

    private static string WithoutComment(string line)
    {
        var masked = Quoted().Replace(line, match => new string('x', match.Length));
        var (hash, slashes) = (masked.IndexOf('#'), masked.IndexOf("//", StringComparison.Ordinal));
        var at = hash < 0 ? slashes : slashes < 0 ? hash : Math.Min(hash, slashes);
        return at < 0 ? line : line[..at].TrimEnd();
    }

    // Names alone, not members: placed.Task is a number of the core.
    [GeneratedRegex(@"(?<![.\w])(DateTime(Offset)?\.(Now|UtcNow|Today)|Stopwatch\b|new Random\b|Random\.Shared|"
        + @"Guid\.(NewGuid|CreateVersion7)|(File|Directory|Console|Thread|Task|Environment)\.\w|TimeProvider\b)"
        + @"|\.UtcNow\b|\bSystem\.(IO|Threading|Net)\b|\basync\b")]
    private static partial Regex Impure();

    [GeneratedRegex(@"\.Result\b|\.Wait\(|\.GetAwaiter\(\)\s*\.GetResult\(|\bThread\.Sleep\b|\basync\s+void\b")]
    private static partial Regex Blocking();

    [GeneratedRegex(@"(?<![.\w])(System\.)?Console\.\w")]
    private static partial Regex ConsoleUse();

    [GeneratedRegex(@"\.GetHashCode\(")]
    private static partial Regex HashCall();

    [GeneratedRegex(@"TODO|NotImplementedException")]
    private static partial Regex Unfinished();

    [GeneratedRegex("""^((?:"[^"]*"|[\w.-])+)\s*(?:\+?=|:)""")]
    private static partial Regex Setting();

    [GeneratedRegex(@"\w[\w-]*(\.\w[\w-]*)*")]
    private static partial Regex Key();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\]\(([^)\s]+)[^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex InlineCode();

    [GeneratedRegex("^[a-z][a-z0-9+.-]*:", RegexOptions.IgnoreCase)]
    private static partial Regex HasScheme();
}
