using Akka.Actor;
using Stockpile.Core;

namespace Stockpile.Inspect.Palettes;

/// <summary>One line of a hierarchy.</summary>
/// <param name="Path">With the member's address.</param>
/// <param name="More">Children that are left out; 0: this is an actor and not a note about some.</param>
public sealed record ActorRow(string Path, int More = 0);

/// <summary>
/// Walks the actors of this process. Only the lists of children are read, which Akka replaces and never changes, so a
/// walk disturbs nobody; actors that come and go meanwhile are seen or not.
/// </summary>
internal static class ActorTree
{
    /// <summary>The actor at a path such as <c>/user/host</c>; null: there is none.</summary>
    public static IActorRef? Find(ActorSystem system, string path)
    {
        IInternalActorRef actor = ((ExtendedActorSystem)system).Provider.RootGuardian;
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (actor is not ActorRefWithCell cell) return null;
            var child = cell.GetSingleChild(name);
            if (child.IsNobody()) return null;
            actor = child;
        }

        return actor;
    }

    public static IEnumerable<IActorRef> ChildrenOf(IActorRef? actor) =>
        actor is ActorRefWithCell cell ? cell.Children : [];

    /// <summary>An actor and what is below it, in the order of the paths.</summary>
    /// <param name="depth">Levels below the actor; 0: it alone.</param>
    /// <param name="childrenMax">Most children of one actor; a note tells how many more there are.</param>
    /// <param name="isLate">Asked now and then; the walk ends where it says yes.</param>
    /// <param name="ended">Whether the walk ended early, by time or by <see cref="InspectLimits.HierarchyPathsMax"/>.
    /// </param>
    public static IReadOnlyList<ActorRow> Walk(
        ActorSystem system, IActorRef top, int depth, int childrenMax, Func<bool> isLate, out bool ended)
    {
        var address = ((ExtendedActorSystem)system).Provider.DefaultAddress;
        var rows = new List<ActorRow>();
        var open = new Stack<(IActorRef? Actor, int Depth, ActorRow? Note)>();
        open.Push((top, 0, null));
        ended = false;
        while (open.TryPop(out var next))
        {
            if (next.Note is not null || next.Actor is null)
            {
                if (next.Note is not null) rows.Add(next.Note);
                continue;
            }

            if (rows.Count >= InspectLimits.HierarchyPathsMax || rows.Count % 256 == 255 && isLate())
            {
                ended = true;
                break;
            }

            var path = next.Actor.Path.ToStringWithAddress(address);
            rows.Add(new ActorRow(path));
            if (next.Depth >= depth) continue;
            var children = ChildrenOf(next.Actor).OrderBy(c => c.Path.Name, StringComparer.Ordinal).ToArray();
            if (children.Length > childrenMax)
                open.Push((null, 0, new ActorRow(path, children.Length - childrenMax)));
            // A stack turns the order around.
            foreach (var child in children.Take(childrenMax).Reverse()) open.Push((child, next.Depth + 1, null));
        }

        return rows;
    }
}
