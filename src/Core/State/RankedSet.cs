namespace Stockpile.Core.State;

/// <summary>
/// A sorted set that also tells how many of its items come before a place, and goes on from one. It is a list of sorted
/// blocks: with 200,000 items a step looks at a few hundred numbers, and an item costs little more than itself.
/// </summary>
internal sealed class RankedSet<T>(IComparer<T> order)
{
    private const int BlockMax = 512;

    private readonly List<List<T>> _blocks = [];

    public int Count { get; private set; }

    /// <summary>The first item; there is one.</summary>
    public T First => _blocks[0][0];

    public bool Add(T item)
    {
        if (_blocks.Count == 0)
        {
            _blocks.Add([item]);
            Count = 1;
            return true;
        }

        var index = Math.Min(BlockOf(item), _blocks.Count - 1);
        var block = _blocks[index];
        var at = block.BinarySearch(item, order);
        if (at >= 0) return false;
        block.Insert(~at, item);
        Count++;
        if (block.Count <= BlockMax) return true;
        _blocks.Insert(index + 1, block.GetRange(BlockMax / 2, block.Count - BlockMax / 2));
        block.RemoveRange(BlockMax / 2, block.Count - BlockMax / 2);
        return true;
    }

    public bool Remove(T item)
    {
        var index = BlockOf(item);
        if (index == _blocks.Count) return false;
        var at = _blocks[index].BinarySearch(item, order);
        if (at < 0) return false;
        _blocks[index].RemoveAt(at);
        Count--;
        if (_blocks[index].Count == 0) _blocks.RemoveAt(index);
        return true;
    }

    /// <summary>How many items come before this one, whether it is in the set or not.</summary>
    public int CountBefore(T item)
    {
        var index = BlockOf(item);
        if (index == _blocks.Count) return Count;
        var at = _blocks[index].BinarySearch(item, order);
        var before = at < 0 ? ~at : at;
        for (var block = 0; block < index; block++) before += _blocks[block].Count;
        return before;
    }

    /// <summary>All items, in order.</summary>
    public IEnumerable<T> All() => From(0, 0);

    /// <summary>The items that come after this one, in order, whether it is in the set or not.</summary>
    public IEnumerable<T> After(T item)
    {
        var index = BlockOf(item);
        if (index == _blocks.Count) return [];
        var at = _blocks[index].BinarySearch(item, order);
        return From(index, at < 0 ? ~at : at + 1);
    }

    private IEnumerable<T> From(int block, int at)
    {
        for (; block < _blocks.Count; block++, at = 0)
            for (; at < _blocks[block].Count; at++)
                yield return _blocks[block][at];
    }

    /// <summary>The first block whose last item is not before this one; their number where there is none.</summary>
    private int BlockOf(T item)
    {
        int low = 0, high = _blocks.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (order.Compare(_blocks[middle][^1], item) < 0) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
