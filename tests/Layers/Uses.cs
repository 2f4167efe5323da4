using ArchUnitNET.Domain;
using ArchUnitNET.Loader;

namespace Stockpile.Layers.Tests;

/// <summary>One type that uses another one of the same project, in another folder.</summary>
/// <param name="From">The folder of the type that uses.</param>
/// <param name="To">The folder of the type that is used.</param>
public sealed record Use(string From, string To, string User, string Used);

/// <summary>Who uses whom, as the compiled assemblies have it: method bodies, signatures, attributes.</summary>
public static class Uses
{
    private static readonly Dictionary<string, IReadOnlyList<Use>> Known = [];

    /// <summary>All uses between the folders of a project. A type at the top of a project stands in the folder
    /// <c>.</c>.</summary>
    /// <param name="project">Its root namespace, such as <c>Stockpile.Core</c>.</param>
    public static IReadOnlyList<Use> Of(string project)
    {
        lock (Known)
        {
            if (Known.TryGetValue(project, out var known)) return known;
            var uses = new HashSet<Use>();
            foreach (var type in Load(project).Types)
                foreach (var dependency in type.Dependencies)
                    if (FolderOf(project, type) is { } from && FolderOf(project, dependency.Target) is { } to
                        && from != to)
                        uses.Add(new Use(from, to, NameOf(type), NameOf(dependency.Target)));
            return Known[project] = [.. uses.OrderBy(u => u.From).ThenBy(u => u.To).ThenBy(u => u.User)];
        }
    }

    /// <summary>The types of one project, and what they depend on.</summary>
    public static Architecture Load(string project)
    {
        var assembly = project == "Stockpile.Cli" ? "stockpile" : project;
        return new ArchLoader().LoadFilteredDirectory(
            AppContext.BaseDirectory, $"{assembly}.dll", SearchOption.TopDirectoryOnly).Build();
    }

    /// <summary>Null: it is of another project.</summary>
    private static string? FolderOf(string project, IType type)
    {
        // A type parameter has the namespace of its owner, and no name of its own there.
        if (!type.FullName.StartsWith(project + ".", StringComparison.Ordinal)) return null;
        // The namespace alone: a nested type's full name goes on with its owner's.
        var space = type.Namespace.FullName;
        if (space == project) return ".";
        return space.StartsWith(project + ".", StringComparison.Ordinal)
            ? space[(project.Length + 1)..].Split('.')[0]
            : null;
    }

    private static string NameOf(IType type) => type.FullName.Split('+', '/', '<', '`')[0].Split('.')[^1];
}
