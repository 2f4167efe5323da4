using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using Stockpile.Core;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Scheduler.Api;

/// <summary>Codes of problems that HTTP alone has; the others are in <see cref="Refusal"/>.</summary>
public static class ProblemCodes
{
    public const string TooLarge = "too-large";
    public const string MediaType = "media-type";
    public const string Method = "method";
    public const string Forbidden = "forbidden";
    public const string Unauthorized = "unauthorized";
    public const string Timeout = "timeout";
    public const string Internal = "internal";
}

/// <summary>An error as <c>application/problem+json</c>, with <c>Retry-After</c> where trying again may help.</summary>
internal sealed class ProblemResult : IResult
{
    /// <summary>Most faults one answer lists, so that 500 bad jobs stay a readable answer.</summary>
    private const int ErrorsMax = 20;

    private readonly Problem _problem;
    private readonly TimeSpan? _retryAfter;

    private ProblemResult(Problem problem, TimeSpan? retryAfter)
    {
        _problem = problem;
        _retryAfter = retryAfter;
    }

    public static ProblemResult Of(int status, string code, string detail, TimeSpan? retryAfter = null) =>
        new(new Problem(ReasonPhrases.GetReasonPhrase(status), status, code, null, detail), retryAfter);

    public static ProblemResult Of(Refusal refusal) => Of([refusal]);

    /// <summary>The first refusal is the problem; the others are listed with it.</summary>
    public static ProblemResult Of(IReadOnlyList<Refusal> refusals)
    {
        var first = Item(refusals[0]);
        var status = StatusOf(first.Code);
        var errors = refusals.Count > 1 ? refusals.Take(ErrorsMax).Select(Item).ToList() : null;
        TimeSpan? retryAfter = status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable
            ? TimeSpan.FromSeconds(1)
            : null;
        return new ProblemResult(
            new Problem(ReasonPhrases.GetReasonPhrase(status), status, first.Code, first.Field, first.Detail, errors),
            retryAfter);
    }

    public static ProblemResult NotFound(string what, string id) =>
        Of(new Refusal(Refusal.NotFound, "id", $"there is no {what} {Names.Shorten(id)}"));

    public static ErrorItem Item(Refusal refusal) =>
        new(refusal.Code, refusal.Field.Length == 0 ? null : refusal.Field, refusal.Message);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = _problem.Status;
        if (_retryAfter is { } wait)
        {
            var seconds = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds));
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        await response.WriteAsJsonAsync(_problem, ApiJson.Options, "application/problem+json");
    }

    private static int StatusOf(string code) => code switch
    {
        Refusal.NotFound => StatusCodes.Status404NotFound,
        Refusal.KeyConflict or Refusal.Ended => StatusCodes.Status409Conflict,
        Refusal.Busy => StatusCodes.Status429TooManyRequests,
        Refusal.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status400BadRequest,
    };
}
