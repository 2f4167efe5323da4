using Stockpile.Cli.Forecasting;
using Stockpile.Lab.Reserve;

namespace Stockpile.Cli.Demo;

/// <summary>The forecast at the end of the demo, for its own fleet.</summary>
internal static class DemoForecast
{
    /// <summary>Enough for a tenth and a ninetieth percentile, and a few seconds.</summary>
    private const int Runs = 60;

    public static ForecastReport Of(ForecastInput input, ulong seed, CancellationToken cancel)
    {
        var size = new ForecastSize(Runs, Compared: 0, Relaxed: 0, Varied: 0);
        var result = Forecast.Of(input, size, seed, Environment.ProcessorCount, progress: null, cancel);
        var generations = result.Answer.Generations;
        var scenario = input.Reserve.Scenario;
        return new ForecastReport(
            generations.P10, generations.P50, generations.P90, generations.Mean, scenario.Name,
            scenario.Length.TotalDays / 365, Runs);
    }
}
