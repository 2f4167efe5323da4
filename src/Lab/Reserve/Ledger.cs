namespace Stockpile.Lab.Reserve;

/// <summary>What a device of the stock is doing. Guests are counted apart from work at home.</summary>
public enum Use
{
    Training,
    Inference,
    InferenceGuest,
    Batch,
    BatchGuest,
    Idle,

    /// <summary>It works, but its node is out while a neighbour is swapped.</summary>
    NodeOut,

    /// <summary>Switched off by the power cap.</summary>
    PowerOff,

    /// <summary>Broken: being repaired, or its replacement is on the way.</summary>
    Broken,

    /// <summary>On the shelf.</summary>
    Spare,
}

/// <summary>
/// Device time by tier and use, in thousandths of a device times seconds. All are whole numbers, so that they add up to
/// the stock's own account exactly; that one is kept apart, from what is bought, scrapped and retired alone.
/// </summary>
public sealed class Ledger(int tiers)
{
    public static readonly int Uses = Enum.GetValues<Use>().Length;

    private readonly long[] _now = new long[tiers * Uses];
    private readonly long[] _sum = new long[tiers * Uses];
    private readonly long[] _stockNow = new long[tiers];
    private readonly long[] _stockSum = new long[tiers];
    private long _at;

    public int Tiers => tiers;

    /// <summary>Thousandths of a device × seconds.</summary>
    public long Used(int tier, Use use) => _sum[tier * Uses + (int)use];

    /// <summary>What the tier's stock was, in the same unit.</summary>
    public long Stock(int tier) => _stockSum[tier];

    /// <summary>Thousandths of a device that do this now.</summary>
    public long Now(int tier, Use use) => _now[tier * Uses + (int)use];

    public long StockNow(int tier) => _stockNow[tier];

    public double Hours(int tier, Use use) => Used(tier, use) / 3_600_000.0;

    /// <summary>Thousandths of a device change what they do.</summary>
    internal void Move(int tier, Use from, Use to, long milli)
    {
        _now[tier * Uses + (int)from] -= milli;
        _now[tier * Uses + (int)to] += milli;
    }

    /// <summary>Devices join or leave the stock: its own account.</summary>
    internal void ChangeStock(int tier, int devices) => _stockNow[tier] += devices * 1000L;

    /// <summary>Devices appear in a use, or vanish from it.</summary>
    internal void Change(int tier, Use use, int devices) => _now[tier * Uses + (int)use] += devices * 1000L;

    internal void Until(long second)
    {
        var seconds = second - _at;
        if (seconds <= 0) return;
        _at = second;
        for (var i = 0; i < _now.Length; i++) _sum[i] += _now[i] * seconds;
        for (var i = 0; i < _stockNow.Length; i++) _stockSum[i] += _stockNow[i] * seconds;
    }
}
