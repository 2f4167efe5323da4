namespace Stockpile.Core;

/// <summary>An expected refusal: a value with a stable code, the field at fault and one clear line.</summary>
/// <param name="Code">One of the constants below.</param>
/// <param name="Field">The field of the request at fault, in kebab-case as in files; empty where none is.</param>
/// <param name="Message">One line that names the value and what is allowed.</param>
public sealed record Refusal(string Code, string Field, string Message)
{
    /// <summary>A field is missing, malformed or out of range.</summary>
    public const string Invalid = "invalid";

    /// <summary>No cell could ever place the job.</summary>
    public const string Unplaceable = "unplaceable";

    /// <summary>The tenant's quota does not allow it now.</summary>
    public const string OverQuota = "over-quota";

    /// <summary>The idempotency key was used for another job.</summary>
    public const string KeyConflict = "key-conflict";

    /// <summary>No such job, node or cell.</summary>
    public const string NotFound = "not-found";

    /// <summary>It has ended already.</summary>
    public const string Ended = "ended";

    /// <summary>Nothing is wrong with it; it was not taken because another job of the request was refused.</summary>
    public const string Withheld = "withheld";

    /// <summary>A limit is reached; try again later.</summary>
    public const string Busy = "busy";

    /// <summary>The cell does not answer now.</summary>
    public const string Unavailable = "unavailable";
}
