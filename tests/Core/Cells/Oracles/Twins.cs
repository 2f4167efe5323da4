using System.Text;
using System.Text.Json;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>Whether two states are the same, in what they store and in what they derive from it.</summary>
public static class Twins
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string Image(CellState state) => JsonSerializer.Serialize(state.Capture(), Indented);

    /// <summary>What no image holds: queue, free room and what waits; a snapshot has to find it again.</summary>
    public static string Derived(CellState state)
    {
        var text = new StringBuilder();
        text.AppendJoin(' ', state.Queue.InOrder()).AppendLine();
        text.AppendJoin(' ', state.Unstarted.Select(a => a.Sequence)).AppendLine();
        text.AppendJoin(' ', state.Services.Select(j => $"{j.Number}:{j.Replicas}")).AppendLine();
        foreach (var node in state.Nodes)
            text.AppendLine($"{node.Id} {node.Ready} {node.Reason} {node.FreeDevices} {node.ReclaimableDevices} "
                + $"{node.CpuFreeMilli} {node.CpuReclaimableMilli} {node.MemoryFreeMiB} {node.MemoryReclaimableMiB}");
        foreach (var model in state.Catalog.Models)
            text.AppendLine($"{model.Model} ends {string.Join(' ', state.Releases.Of(model.Model))}");
        foreach (var model in state.Catalog.Models)
            text.AppendLine($"{model.Model} {state.Index.Free(model.Model)} {state.Index.Reclaimable(model.Model)}");
        foreach (var tier in state.Catalog.Tiers) text.Append(state.Queue.TrainingWaitsFor(tier.Name)).Append(' ');
        text.AppendLine().Append(AllocationsHash.Of(state));
        return text.ToString();
    }

    public static IEnumerable<string> Complaints(CellState a, CellState b, bool images) =>
        Complaints(a, [b], images);

    /// <summary>The same for any number of copies; what is compared with is worked out once.</summary>
    public static IEnumerable<string> Complaints(CellState a, IReadOnlyList<CellState> copies, bool images)
    {
        var derived = Derived(a);
        foreach (var copy in copies)
            foreach (var complaint in Differences(derived, Derived(copy)))
                yield return complaint;
        if (!images) yield break;
        var image = Image(a);
        foreach (var copy in copies)
            foreach (var complaint in Differences(image, Image(copy)))
                yield return complaint;
    }

    private static IEnumerable<string> Differences(string a, string b)
    {
        if (a == b) yield break;
        var (left, right) = (a.Split('\n'), b.Split('\n'));
        for (var line = 0; line < Math.Max(left.Length, right.Length); line++)
        {
            var (one, other) = (left.ElementAtOrDefault(line), right.ElementAtOrDefault(line));
            if (one == other) continue;
            yield return $"line {line} is '{one}' in one and '{other}' in the other";
            yield break;
        }
    }
}
