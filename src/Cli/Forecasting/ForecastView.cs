using Stockpile.Lab.Reserve;

namespace Stockpile.Cli.Forecasting;

/// <summary>A forecast with what it was asked about, for every form of the answer.</summary>
internal sealed record ForecastView(
    ForecastInput Input, ForecastResult Forecast, IReadOnlyList<string> WhatIf, bool Live)
{
    public string Title => $"{Input.Reserve.Scenario.Name} on {Input.Fleet.Name}";

    public PolicyReport Answer => Forecast.Answer;

    /// <summary>The document of <c>--json</c>.</summary>
    public object Document() => new
    {
        Forecast.Seed,
        Forecast.Size.Runs,
        RunsCompared = Forecast.Size.Compared,
        RunsRelaxed = Forecast.Size.Relaxed,
        RunsVaried = Forecast.Size.Varied,
        Fleet = Input.Fleet.Name,
        Scenario = Input.Reserve.Scenario.Name,
        Live,
        Input.Reserve.Scenario.Start,
        Years = Input.Reserve.Scenario.Length.TotalDays / 365,
        WhatIf,
        Generations = Shape(Answer.Generations),
        Answer.Progress,
        Answer.OnTime,
        Answer.Dates,
        Forecast.BindingConstraint,
        Constraints = Forecast.Gains,
        Answer,
        Forecast.ByPolicy,
        StockOverTime = Forecast.StockOverTime.Select(Sample),
        Sensitivity = Forecast.Sensitivities,
    };

    private static object Shape(Quantiles q) => new { q.P10, q.P50, q.P90, q.Mean };

    private static Dictionary<string, object> Sample(StockSample sample)
    {
        var row = new Dictionary<string, object> { ["day"] = sample.Day };
        foreach (var (tier, devices) in sample.Devices) row[tier] = Math.Round(devices, 1);
        return row;
    }
}
