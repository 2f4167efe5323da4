namespace Stockpile.Tidy.Tests;

/// <summary>A file of the repository: its path from the root with forward slashes, and its text.</summary>
internal sealed record SourceFile(string Path, string Text)
{
    public string[] Lines { get; } = Text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');

    public bool IsUnder(params string[] folders) =>
        folders.Any(folder => Path.StartsWith(folder + "/", StringComparison.Ordinal));
}

/// <summary>The repository the tests were built from.</summary>
internal static class Tree
{
    /// <summary>Build outputs and what belongs to tools.</summary>
    private static readonly string[] SkippedFolders =
        ["bin", "obj", ".git", ".vs", ".idea", "TestResults", ".stockpile"];

    private static readonly string[] TextExtensions =
    [
        ".cs", ".csproj", ".props", ".targets", ".slnx", ".slnf", ".conf", ".md", ".proto", ".json", ".yaml", ".yml",
        ".sh", ".css", ".js", ".html", ".csv",
    ];

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<SourceFile> Files { get; } =
        [.. Walk(new DirectoryInfo(Root)).OrderBy(file => file.Path, StringComparer.Ordinal)];

    public static IEnumerable<SourceFile> Sources(params string[] folders) =>
        Files.Where(file => file.Path.EndsWith(".cs", StringComparison.Ordinal) && file.IsUnder(folders));

    public static bool Exists(string path)
    {
        var full = Path.Combine(Root, path);
        return File.Exists(full) || Directory.Exists(full);
    }

    private static IEnumerable<SourceFile> Walk(DirectoryInfo folder)
    {
        foreach (var file in folder.EnumerateFiles())
            if (TextExtensions.Contains(file.Extension, StringComparer.Ordinal))
                yield return new SourceFile(Relative(file), File.ReadAllText(file.FullName));
        foreach (var child in folder.EnumerateDirectories().Where(child => !SkippedFolders.Contains(child.Name)))
            foreach (var file in Walk(child))
                yield return file;
    }

    private static string Relative(FileInfo file) => Path.GetRelativePath(Root, file.FullName).Replace('\\', '/');

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Stockpile.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("no Stockpile.slnx above the tests");
    }
}
