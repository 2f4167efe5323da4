namespace Stockpile.Scheduler.Api.Contracts;

/// <summary>The body of every error, <c>application/problem+json</c>.</summary>
/// <param name="Code">A stable word: the constants of <see cref="Core.Refusal"/> and of <c>ProblemCodes</c>.</param>
/// <param name="Field">The field of the request at fault; left out where none is.</param>
/// <param name="Detail">One line that names the value and what is allowed.</param>
/// <param name="Errors">All that is wrong, where there is more than one fault.</param>
public sealed record Problem(
    string Title,
    int Status,
    string Code,
    string? Field,
    string Detail,
    IReadOnlyList<ErrorItem>? Errors = null);

/// <summary>One fault.</summary>
public sealed record ErrorItem(string Code, string? Field, string Detail);
