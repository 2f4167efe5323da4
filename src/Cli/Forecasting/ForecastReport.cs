using Stockpile.Formats.Jobs;

namespace Stockpile.Cli.Forecasting;

/// <summary>More generations that the fleet trains; see <c>stockpile forecast</c>.</summary>
/// <param name="Mean">Mean over the runs, as the percentiles.</param>
/// <param name="Scenario">The long-term scenario, which looks ahead <paramref name="Years"/> years.</param>
public sealed record ForecastReport(
    double P10, double P50, double P90, double Mean, string Scenario, double Years, int Runs);
