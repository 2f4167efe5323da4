namespace Stockpile.Lab.Reserve;

/// <summary>When a generation is done.</summary>
/// <param name="Runs">Share of the runs that completed it.</param>
/// <param name="Late">Share of those runs in which it was late.</param>
public sealed record GenerationDate(
    int Generation, double Runs, double Late, DateTimeOffset P10, DateTimeOffset P50, DateTimeOffset P90);

/// <summary>One tier over a run: means of device-hours by use.</summary>
public sealed record TierHours(
    string Tier, double Stock, double Training, double Inference, double InferenceGuest, double Batch,
    double BatchGuest, double Idle, double NodeOut, double PowerOff, double Broken, double Spare)
{
    /// <summary>Every use with its name, in the order of the columns; together they are the stock.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<(string Name, double Hours)> Uses =>
    [
        ("training", Training), ("inference", Inference), ("as guests", InferenceGuest), ("batch", Batch),
        ("as guests", BatchGuest), ("idle", Idle), ("node out", NodeOut), ("power off", PowerOff),
        ("broken", Broken), ("spare", Spare),
    ];
}

/// <param name="Served">Share of the requests that were answered within the latency class.</param>
public sealed record ServiceShare(string Service, bool Outside, double Served);

/// <summary>One policy over its runs; means where nothing else is said.</summary>
/// <param name="Generations">Completed generations.</param>
/// <param name="Progress">Completed generations and the part of the next that is done.</param>
/// <param name="OnTime">As progress, without generations that were late.</param>
/// <param name="FrontierTrainingHours">Device-hours of training on the most capable tier.</param>
/// <param name="DemandServed">Share of the demand for inference, services weighed by the devices they want.</param>
/// <param name="LostInferenceHours">Demand not served, in device-hours of one H800 at the target load.</param>
/// <param name="OutsideServed">The cloud tenants' share: of what outside tenants want to rent, what they get.</param>
public sealed record PolicyReport(
    string Policy,
    int Runs,
    Quantiles Generations,
    Quantiles Progress,
    Quantiles OnTime,
    IReadOnlyList<GenerationDate> Dates,
    double FrontierTrainingHours,
    double DemandServed,
    double LostInferenceHours,
    double OutsideServed,
    double OutsideLostHours,
    double GenerationWaitedHours,
    double HoursLostToFaults,
    double Failures,
    double Scrapped,
    double Preempted,
    double GuestsTaken,
    double TasksPreempted,
    IReadOnlyList<TierHours> Tiers,
    IReadOnlyList<ServiceShare> Services)
{
    /// <summary>The generations that at least half of the runs complete; a chart marks no others.</summary>
    public IEnumerable<GenerationDate> ExpectedDates() => Dates.Where(d => d.Runs >= 0.5);
}

/// <summary>Working devices by tier on one day; mean over the runs.</summary>
public sealed record StockSample(int Day, IReadOnlyDictionary<string, double> Devices);

/// <summary>What taking a constraint away brings.</summary>
/// <param name="Gain">Generations on time, with the part of the next, more than with the constraint.</param>
public sealed record ConstraintGain(string Constraint, string What, double Gain);

/// <summary>What one assumption does to the answer.</summary>
/// <param name="AtLow">Mean progress with the assumption at its low bound, the others at their middle.</param>
public sealed record Sensitivity(
    string Assumption, double Low, double Value, double High, double AtLow, double AtValue, double AtHigh,
    string Source)
{
    public double Swing => Math.Abs(AtHigh - AtLow);
}
