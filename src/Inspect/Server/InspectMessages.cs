using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Stockpile.Inspect.Catalogue;

namespace Stockpile.Inspect.Server;

/// <summary>The body of a call.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record InspectRequest
{
    public const string ArgsRule = """the words of a command, such as ["cluster","show"]""";

    [Description(ArgsRule)]
    public IReadOnlyList<string>? Args { get; init; }

    [Description("true for rows of data, false for lines of text")]
    public bool Json { get; init; }
}

/// <summary>One line of an answer; which fields are set says which it is.</summary>
public sealed record InspectReply
{
    /// <summary>In the first line who will answer, in the last who did.</summary>
    public MemberName? Member { get; init; }

    /// <summary>Set in the first line only: whether the command goes on until the client leaves.</summary>
    public bool? Streams { get; init; }

    public string? Line { get; init; }

    public JsonElement? Data { get; init; }

    /// <summary>Set in the last line only: 0 done, 1 refused, 2 wrong usage, 3 a member cannot be reached.</summary>
    public int? Exit { get; init; }

    /// <summary>Why it is not 0.</summary>
    public string? Error { get; init; }
}
