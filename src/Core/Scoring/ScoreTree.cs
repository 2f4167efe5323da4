using System.Numerics;

namespace Stockpile.Core.Scoring;

/// <summary>A tournament tree: the highest score of each half of the nodes, of each quarter, and so on.</summary>
internal sealed class ScoreTree
{
    /// <summary>The score of a node without room.</summary>
    public const int None = -1;

    private readonly int[] _highest;
    private readonly int _levels;

    /// <summary>How far the notes of its group are taken up.</summary>
    public long Note = -1;

    public ScoreTree(int nodes)
    {
        Capacity = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, nodes));
        _levels = BitOperations.Log2((uint)Capacity);
        _highest = new int[2 * Capacity];
        Array.Fill(_highest, None);
    }

    public int Capacity { get; }

    /// <summary>The least memory any task of the shape asked for, in MiB; nodes with less have no score.</summary>
    public long MemoryMiB = long.MaxValue;

    /// <summary>Sets one score and leaves the rest of the tree as it is: <see cref="Build"/> follows.</summary>
    public void SetOnly(int position, int score) => _highest[Capacity + position] = score;

    /// <summary>Works all halves out anew, which is cheaper than setting many scores one by one.</summary>
    public void Build()
    {
        for (var at = Capacity - 1; at > 0; at--)
            _highest[at] = Math.Max(_highest[2 * at], _highest[2 * at + 1]);
    }

    public void Set(int position, int score)
    {
        var at = Capacity + position;
        if (_highest[at] == score) return;
        _highest[at] = score;
        for (at >>= 1; at > 0; at >>= 1)
        {
            var highest = Math.Max(_highest[2 * at], _highest[2 * at + 1]);
            if (_highest[at] == highest) return;
            _highest[at] = highest;
        }
    }

    /// <summary>The position with the highest score, the lowest one of equals; −1 for none.</summary>
    public int First(out int score)
    {
        score = _highest[1];
        return score == None ? -1 : Leftmost(1);
    }

    /// <summary>The same among those that are accepted. Rarely asked: only where the best one lacks memory or labels.
    /// </summary>
    /// <param name="open">Room to work in.</param>
    public int Best(PriorityQueue<int, long> open, Func<int, bool> accepts, out int score)
    {
        score = None;
        open.Clear();
        Push(open, 1);
        while (open.TryDequeue(out var at, out _))
        {
            if (at < Capacity)
            {
                Push(open, 2 * at);
                Push(open, 2 * at + 1);
                continue;
            }

            if (!accepts(at - Capacity)) continue;
            score = _highest[at];
            return at - Capacity;
        }

        return -1;
    }

    /// <summary>Highest score first, then the lowest position: parts do not overlap, so where each begins tells.
    /// </summary>
    private void Push(PriorityQueue<int, long> open, int at)
    {
        if (_highest[at] == None) return;
        var first = ((long)at << (_levels - BitOperations.Log2((uint)at))) - Capacity;
        open.Enqueue(at, ((long)-_highest[at] << 32) + first);
    }

    private int Leftmost(int at)
    {
        while (at < Capacity) at = _highest[2 * at] == _highest[at] ? 2 * at : 2 * at + 1;
        return at - Capacity;
    }
}
