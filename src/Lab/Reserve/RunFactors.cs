using Stockpile.Formats.Reserve;

namespace Stockpile.Lab.Reserve;

/// <summary>The value of every assumption in one run; see <see cref="AssumptionNames"/>.</summary>
public sealed record RunFactors
{
    public required double GenerationGrowth { get; init; }
    public required double GenerationWork { get; init; }
    public required double GangEfficiency { get; init; }
    public required double ResearchWork { get; init; }
    public required double Wear { get; init; }
    public required double RepairShare { get; init; }
    public required double RepairTime { get; init; }
    public required double Demand { get; init; }
    public required double DemandGrowth { get; init; }
    public required double ServingThroughput { get; init; }
    public required double DelayDays { get; init; }

    /// <summary>Every assumption at its middle value.</summary>
    public static RunFactors Middle(ReserveScenario scenario) => Of(scenario, (_, a) => a.Value);

    /// <summary>Every assumption at its middle value, but for one.</summary>
    public static RunFactors With(ReserveScenario scenario, string name, double value) =>
        Of(scenario, (_, a) => a.Name == name ? value : a.Value);

    internal static RunFactors Drawn(ReserveScenario scenario, Draws draws) =>
        Of(scenario, (which, a) => draws.Triangle(which, a.Low, a.Value, a.High));

    private static RunFactors Of(ReserveScenario scenario, Func<int, Assumption, double> value)
    {
        var which = 0;
        return new RunFactors
        {
            GenerationGrowth = Next(AssumptionNames.GenerationGrowth),
            GenerationWork = Next(AssumptionNames.GenerationWork),
            GangEfficiency = Next(AssumptionNames.GangEfficiency),
            ResearchWork = Next(AssumptionNames.ResearchWork),
            Wear = Next(AssumptionNames.Wear),
            RepairShare = Next(AssumptionNames.RepairShare),
            RepairTime = Next(AssumptionNames.RepairTime),
            Demand = Next(AssumptionNames.Demand),
            DemandGrowth = Next(AssumptionNames.DemandGrowth),
            ServingThroughput = Next(AssumptionNames.ServingThroughput),
            DelayDays = Next(AssumptionNames.DeliveryDelay),
        };

        double Next(string name)
        {
            // The number of the draw is the assumption's place in the list, so it is the same with and without others.
            which++;
            return scenario.Assumptions.TryGetValue(name, out var assumption)
                ? value(which, assumption)
                : AssumptionNames.Neutral[name];
        }
    }
}
