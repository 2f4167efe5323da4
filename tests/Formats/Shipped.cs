using Stockpile.Core.Fleets;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;

namespace Stockpile.Formats.Tests;

/// <summary>The files of the repository, found from the folder the tests run in.</summary>
internal static class Shipped
{
    public static string Root { get; } = Above("Stockpile.slnx")
        ?? throw new InvalidOperationException("no repository");

    public static Catalog Catalog { get; } = CatalogFile.Read(Hocon("accelerators.conf"));

    public static Policy Policy { get; } = PolicyFile.Read(Hocon("policy.conf"), Catalog);

    public static string Hocon(string name) => Path.Combine(Root, "hocon", name);

    /// <summary>A file of the openb trace; the test is skipped where the data is not beside the repository.</summary>
    public static string Openb(string name)
    {
        var folder = Above("shared/data/openb");
        Assert.SkipWhen(folder is null, "the openb trace is not at shared/data/openb above the repository");
        return Path.Combine(folder!, "shared/data/openb", name);
    }

    private static string? Above(string child)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Path.Exists(Path.Combine(folder.FullName, child)))
                return folder.FullName;
        return null;
    }
}
