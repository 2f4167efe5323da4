using Stockpile.Core;

namespace Stockpile.Bench.Bounds;

/// <summary>Configurations of one device: how many of each share it runs.</summary>
internal sealed class ConfigurationPool
{
    private readonly List<int[]> _all = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<int, int> _index = [];

    /// <param name="shares">The sizes in thousandths of a device, 1..999. Each starts with the device full of it.
    /// </param>
    public ConfigurationPool(IEnumerable<int> shares)
    {
        Shares = [.. shares.Distinct().Order()];
        for (var share = 0; share < Shares.Count; share++)
        {
            _index.Add(Shares[share], share);
            var counts = new int[Shares.Count];
            counts[share] = Limits.MilliPerDevice / Shares[share];
            Add(counts);
        }
    }

    /// <summary>Sizes of shares in thousandths of a device, smallest first.</summary>
    public IReadOnlyList<int> Shares { get; }

    /// <summary>Counts by share.</summary>
    public IReadOnlyList<int[]> All => _all;

    public int IndexOf(int shareMilli) => _index[shareMilli];

    public void Add(int[] counts)
    {
        if (_known.Add(string.Join(' ', counts))) _all.Add(counts);
    }

    /// <summary>The configuration that is worth most: an unbounded knapsack of 1000 thousandths.</summary>
    /// <param name="worth">Of one share of each size; not below 0.</param>
    public int[] Best(ReadOnlySpan<double> worth, out double value)
    {
        var best = new double[Limits.MilliPerDevice + 1];
        var last = new int[Limits.MilliPerDevice + 1];
        Array.Fill(last, -1);
        for (var room = 1; room <= Limits.MilliPerDevice; room++)
        {
            best[room] = best[room - 1];
            for (var share = 0; share < Shares.Count && Shares[share] <= room; share++)
            {
                var with = best[room - Shares[share]] + worth[share];
                if (with <= best[room]) continue;
                best[room] = with;
                last[room] = share;
            }
        }

        value = best[^1];
        var counts = new int[Shares.Count];
        for (var room = Limits.MilliPerDevice; room > 0;)
        {
            if (last[room] < 0)
            {
                room--;
                continue;
            }

            counts[last[room]]++;
            room -= Shares[last[room]];
        }

        return counts;
    }
}
