namespace Stockpile.Core.Jobs;

/// <summary>How much a replica of a service answers.</summary>
/// <param name="RequestsPerDevice">
/// Requests per second that one reference device (H800) answers when it is full.
/// </param>
/// <param name="DecodeShare">
/// Share of a request's time on the reference device that generates tokens, 0..1; the rest reads the prompt.
/// </param>
/// <param name="Utilisation">Load at which the latency class still holds, above 0 and at most 1.</param>
public sealed record ServingRate(double RequestsPerDevice, double DecodeShare, double Utilisation)
{
    /// <summary>Requests per second within the latency class of so many reference devices.</summary>
    public double OnReference(double devices) => RequestsPerDevice * devices * Utilisation;
}
