namespace Stockpile.Core.State;

/// <summary>
/// Keys whose jobs a cell has refused for good, each with the newest binding that it refused. Bounded: the oldest are
/// forgotten first, and a key that is closed again keeps its place.
/// </summary>
internal sealed class ClosedKeys
{
    private readonly Dictionary<string, int> _generations = new(StringComparer.Ordinal);
    private readonly Queue<string> _oldestFirst = new();

    public int GenerationOf(string key) => _generations.GetValueOrDefault(key);

    /// <exception cref="InvariantBrokenException">The binding is not newer than the one that was closed.</exception>
    public void Close(string key, int generation)
    {
        if (generation <= GenerationOf(key))
            throw new InvariantBrokenException(
                $"the key {key} is closed at {generation} after {GenerationOf(key)}");
        if (!_generations.ContainsKey(key)) _oldestFirst.Enqueue(key);
        _generations[key] = generation;
        if (_oldestFirst.Count > Limits.ClosedKeysKeptPerCell) _generations.Remove(_oldestFirst.Dequeue());
    }

    /// <summary>The one that is forgotten next comes first.</summary>
    public IReadOnlyList<KeyClosed> All => [.. _oldestFirst.Select(key => new KeyClosed(key, _generations[key]))];
}
