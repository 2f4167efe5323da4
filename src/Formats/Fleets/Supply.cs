using Stockpile.Core.Fleets;

namespace Stockpile.Formats.Fleets;

/// <summary>What becomes of a fleet over years: section <c>supply</c> of a fleet or scenario file.</summary>
public sealed record Supply
{
    /// <summary>Nothing breaks, nothing is bought.</summary>
    public static readonly Supply None = new();

    /// <summary>When the devices of a model were put into service; without a date they are new at the start.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Installed { get; init; } =
        new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);

    public WearRate DefaultWear { get; init; } = WearRate.None;

    /// <summary>By model, in place of the default.</summary>
    public IReadOnlyDictionary<string, WearRate> Wear { get; init; } =
        new Dictionary<string, WearRate>(StringComparer.Ordinal);

    public Repair Repair { get; init; } = Repair.AtOnce;

    /// <summary>Spare devices on the shelf at the start, by model.</summary>
    public IReadOnlyDictionary<string, int> Spares { get; init; } =
        new Dictionary<string, int>(StringComparer.Ordinal);

    public IReadOnlyList<Purchase> Purchases { get; init; } = [];
    public IReadOnlyList<Ban> Bans { get; init; } = [];
    public IReadOnlyList<Retirement> Retirements { get; init; } = [];

    /// <summary>Models that come later and are not in the catalogue.</summary>
    public IReadOnlyList<Accelerator> Substitutes { get; init; } = [];

    public PowerCap? Power { get; init; }

    public WearRate WearOf(string model) => Wear.GetValueOrDefault(model, DefaultWear);

    /// <summary>The first instant from which a model can not be bought; null: it always can.</summary>
    public DateTimeOffset? BannedFrom(string model) =>
        Bans.Where(b => b.Model == model).Select(b => (DateTimeOffset?)b.Date).Min();
}

/// <summary>How often devices of a model break.</summary>
/// <param name="Failures">Devices that have to be swapped, per device and year.</param>
/// <param name="Interruptions">Faults after which a gang restarts on the same devices, per device and year.</param>
/// <param name="Age">Factors on failures by year of age; the last one holds from there on.</param>
/// <param name="Assumed">True where the figures are assumptions.</param>
public sealed record WearRate(
    double Failures, double Interruptions, IReadOnlyList<double> Age, string Source, bool Assumed)
{
    public static readonly WearRate None = new(0, 0, [1], "nothing breaks", Assumed: true);
}

/// <param name="Swap">How long the whole node is out when one of its devices breaks.</param>
/// <param name="Share">Share of broken devices that can be repaired, 0..1.</param>
/// <param name="Time">Mean time until a repaired device is back; exponentially distributed.</param>
/// <param name="Replace">Time until a device that can not be repaired is replaced by a new one, where its model can
/// still be bought.</param>
public sealed record Repair(TimeSpan Swap, double Share, TimeSpan Time, TimeSpan Replace, string Source)
{
    public static readonly Repair AtOnce = new(TimeSpan.Zero, 1, TimeSpan.Zero, TimeSpan.Zero, "nothing breaks");
}

/// <summary>A lot that is ordered for a date. From the ban of its model on it does not arrive.</summary>
/// <param name="Cell">The cell whose fabric it joins; a new name makes a new cell.</param>
public sealed record Purchase(
    DateTimeOffset Date, string Model, int Devices, string Cell, int DevicesPerNode, string Source);

public sealed record Ban(DateTimeOffset Date, string Model, string Source);

/// <summary>All devices of a model leave.</summary>
public sealed record Retirement(DateTimeOffset Date, string Model, string Source);

/// <summary>Most electrical power of all accelerators together.</summary>
/// <param name="Watts">Board power by model; a model without it is not counted.</param>
public sealed record PowerCap(double CapWatts, IReadOnlyDictionary<string, double> Watts, string Source);
