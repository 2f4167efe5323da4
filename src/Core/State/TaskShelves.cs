using Stockpile.Core.Jobs;

namespace Stockpile.Core.State;

/// <summary>
/// The single tasks that hold something on a model, kept so that those who give way first are found first: guests,
/// then the lowest priority class; in it replicas before batch tasks, because they lose no work; and the youngest
/// first, which has done least.
/// </summary>
internal sealed class TaskShelves
{
    private const int Classes = (int)Priority.Critical + 1;
    private const int Shelves = 2 * Classes * 2;

    /// <summary>Sequences by age. Those that ended stay until they are most of the list, and are passed over.</summary>
    private sealed class Shelf
    {
        public readonly List<long> Sequences = [];
        public int Live;
    }

    private readonly Dictionary<string, Shelf?[]> _models = new(StringComparer.Ordinal);

    public void Add(AllocationState task)
    {
        var model = task.Node.Accelerator.Model;
        if (!_models.TryGetValue(model, out var shelves)) _models.Add(model, shelves = new Shelf?[Shelves]);
        var shelf = shelves[ShelfOf(task)] ??= new Shelf();
        // One that is put back is older than some that stand here.
        var at = shelf.Sequences.Count == 0 || shelf.Sequences[^1] < task.Sequence
            ? shelf.Sequences.Count
            : ~shelf.Sequences.BinarySearch(task.Sequence);
        shelf.Sequences.Insert(at, task.Sequence);
        shelf.Live++;
    }

    /// <summary>The state no longer has the task.</summary>
    public void Remove(AllocationState task, CellState state)
    {
        var shelf = _models[task.Node.Accelerator.Model][ShelfOf(task)]!;
        shelf.Live--;
        if (shelf.Sequences.Count > 2 * shelf.Live + 64)
            shelf.Sequences.RemoveAll(s => state.FindAllocation(s) is null);
    }

    /// <summary>The task goes on, but not where it stands here; before its node changes.</summary>
    public void Withdraw(AllocationState task)
    {
        var shelf = _models[task.Node.Accelerator.Model][ShelfOf(task)]!;
        shelf.Sequences.Remove(task.Sequence);
        shelf.Live--;
    }

    /// <summary>Guests on a model, and tasks at home there of lower priority classes than one.</summary>
    public IEnumerable<AllocationState> Below(string model, Priority priority, CellState state)
    {
        if (!_models.TryGetValue(model, out var shelves)) yield break;
        var end = ShelfOf(guest: false, priority, JobKind.Inference);
        for (var i = 0; i < end; i++)
        {
            if (shelves[i] is not { Live: > 0 } shelf) continue;
            for (var at = shelf.Sequences.Count - 1; at >= 0; at--)
                if (state.FindAllocation(shelf.Sequences[at]) is { } task) yield return task;
        }
    }

    private static int ShelfOf(AllocationState task) =>
        ShelfOf(task.Guest, task.Job.Spec.Priority, task.Job.Spec.Kind);

    private static int ShelfOf(bool guest, Priority priority, JobKind kind) =>
        ((guest ? 0 : Classes) + (int)priority) * 2 + (kind == JobKind.Inference ? 0 : 1);
}
