namespace Stockpile.Core.Desks;

/// <summary>What somebody asks of a key.</summary>
/// <param name="Cell">The cell to bind it to where it is unknown; empty: it is only looked up.</param>
/// <param name="NotCell">The cell that has refused its job for good; empty: none has.</param>
/// <param name="NotGeneration">Of the binding that was refused.</param>
public sealed record KeyWish(string Key, string Cell, string NotCell = "", int NotGeneration = 0);

/// <summary>The key belongs to a cell. Durable before anybody hears of it.</summary>
/// <param name="Generation">Counts the cells that the key was bound to, from 1.</param>
public sealed record KeyBound(string Key, string Cell, int Generation);

/// <summary>One journal row of a desk.</summary>
/// <param name="Epoch">Grows with every recovery.</param>
/// <param name="Number">Counts up by one per row over the desk's whole life.</param>
public sealed record KeyRow(string Desk, long Epoch, long Number, IReadOnlyList<KeyBound> Keys);

/// <summary>A desk's whole state as plain data.</summary>
/// <param name="Keys">The one that is forgotten next comes first.</param>
public sealed record KeyDeskImage(string Desk, long Epoch, long Row, IReadOnlyList<KeyBound> Keys);

/// <summary>
/// All that one key desk knows: which cell each key belongs to. It changes only by <see cref="Apply"/>, which is
/// deterministic, so the journal's rows give the same state on every machine. Bounded: the keys that were bound first
/// are forgotten first. One thread at a time.
/// </summary>
public sealed class KeyDeskState(string desk, int keysMax = Limits.KeysPerDeskMax)
{
    private readonly Dictionary<string, KeyBound> _bound = new(StringComparer.Ordinal);
    private readonly Queue<string> _oldestFirst = new();

    /// <summary>Cells are few and keys many: each name is kept once.</summary>
    private readonly Dictionary<string, string> _cells = new(StringComparer.Ordinal);

    public string Desk { get; } = desk;

    /// <summary>Grows with every recovery.</summary>
    public long Epoch { get; private set; }

    /// <summary>Number of the last row.</summary>
    public long Row { get; private set; }

    public int Count => _bound.Count;

    public KeyBound? Find(string key) => _bound.GetValueOrDefault(key);

    /// <summary>
    /// The binding that a wish makes; null where it makes none, because the key stands as it is or was only looked up.
    /// A binding changes only for whoever names it as refused: its cell has closed it durably before, so no job can
    /// come of it any more.
    /// </summary>
    public KeyBound? Decide(KeyWish wish)
    {
        if (wish.Cell.Length == 0 || wish.Key.Length == 0) return null;
        if (Find(wish.Key) is not { } bound) return new KeyBound(wish.Key, wish.Cell, 1);
        return bound.Generation == wish.NotGeneration && bound.Cell == wish.NotCell
            ? new KeyBound(wish.Key, wish.Cell, bound.Generation + 1)
            : null;
    }

    /// <exception cref="InvariantBrokenException">The binding contradicts the state.</exception>
    public void Apply(KeyBound bound)
    {
        var generation = Find(bound.Key)?.Generation ?? 0;
        if (bound.Key.Length == 0 || bound.Cell.Length == 0 || bound.Generation != generation + 1)
            throw new InvariantBrokenException(
                $"desk {Desk} binds {bound.Key} to '{bound.Cell}' as {bound.Generation} after {generation}");
        Keep(bound);
        if (_bound.Count > keysMax) _bound.Remove(_oldestFirst.Dequeue());
    }

    /// <summary>Opens the next row.</summary>
    /// <param name="epoch">Of its writer: the present one, or the next one after a recovery.</param>
    /// <exception cref="InvariantBrokenException">An older owner would write after a newer one.</exception>
    public void Open(long epoch)
    {
        if (epoch < Epoch || epoch > Epoch + 1)
            throw new InvariantBrokenException($"desk {Desk} writes in epoch {epoch} after {Epoch}");
        Epoch = epoch;
        Row++;
    }

    /// <summary>Takes up a whole row from the journal.</summary>
    /// <exception cref="InvariantBrokenException">The row does not follow this state.</exception>
    public void Replay(KeyRow row)
    {
        if (row.Desk != Desk || row.Number != Row + 1)
            throw new InvariantBrokenException(
                $"row {row.Number} of desk {row.Desk} follows row {Row} of desk {Desk}");
        Open(row.Epoch);
        foreach (var bound in row.Keys) Apply(bound);
    }

    public KeyDeskImage Capture() => new(Desk, Epoch, Row, [.. _oldestFirst.Select(key => _bound[key])]);

    /// <summary>The state that <see cref="Capture"/> described.</summary>
    /// <exception cref="InvariantBrokenException">The image contradicts itself.</exception>
    public static KeyDeskState Restore(KeyDeskImage image, int keysMax = Limits.KeysPerDeskMax)
    {
        var state = new KeyDeskState(image.Desk, keysMax) { Epoch = image.Epoch, Row = image.Row };
        foreach (var bound in image.Keys)
        {
            if (bound.Generation < 1 || bound.Cell.Length == 0 || state.Find(bound.Key) is not null)
                throw new InvariantBrokenException(
                    $"the snapshot of desk {image.Desk} at row {image.Row} binds {bound.Key} to '{bound.Cell}' as "
                    + bound.Generation);
            state.Keep(bound);
        }

        return state;
    }

    private void Keep(KeyBound bound)
    {
        if (!_cells.TryGetValue(bound.Cell, out var cell)) _cells.Add(cell = bound.Cell, cell);
        if (!_bound.ContainsKey(bound.Key)) _oldestFirst.Enqueue(bound.Key);
        _bound[bound.Key] = bound with { Cell = cell };
    }
}
