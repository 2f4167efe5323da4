using System.Text.Json;
using Stockpile.Inspect.Catalogue;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Inspect.Server;

/// <summary>
/// The inspector's protocol, version 1: JSON over TCP, one object per line, in UTF-8. It is Stockpile's own; pbm of
/// Petabridge.Cmd speaks another one.
/// <code>
/// client  {"v":1,"args":["cluster","show"],"json":false}   runs a command; "json" asks for rows instead of text
/// server  {"v":1,"member":{"address":…,"roles":[…]},"streams":false}   the member that will answer
/// server  {"line":"akka.tcp://…"}       any number; with "json" {"data":{…}} instead
/// server  {"exit":0,"error":null,"member":{…}}   the last one, with the member that answered
/// client  {"v":1,"cancel":true}         ends the running command; its last line follows as usual
/// </code>
/// A connection runs one command after the other. A line that is no request is answered by a last line with exit 2 and
/// closes the connection, and so does a second command beside a running one. A client that goes away ends its command.
/// Exit: 0 done, 1 refused, 2 wrong usage, 3 a member cannot be reached.
/// </summary>
public static class InspectWire
{
    public const int Version = 1;

    private const string Form = """{"v":1,"args":["PALETTE","COMMAND",…],"json":false}""";

    /// <summary>Reads a client's line.</summary>
    /// <exception cref="FormatException">It is no request; the message says what is allowed.</exception>
    public static InspectRequest ReadRequest(ReadOnlySpan<byte> line)
    {
        // Ctrl+C as a terminal program sends it.
        if (line.Contains((byte)3)) return new InspectRequest { V = Version, Cancel = true };
        InspectRequest? request;
        try
        {
            request = JsonSerializer.Deserialize<InspectRequest>(line, ApiJson.Options);
        }
        catch (JsonException)
        {
            throw new FormatException($"the line is not a request; allowed: {Form}");
        }

        if (request is null) throw new FormatException($"the line is not a request; allowed: {Form}");
        if (request.V != Version)
            throw new FormatException($"the version is {request.V?.ToString() ?? "missing"}; allowed: {Version}");
        if (!request.Cancel && request.Args is null || request.Args is { } args && args.Any(a => a is null))
            throw new FormatException($"args is missing or holds null; allowed: {Form}");
        return request;
    }

    public static byte[] Write<T>(T message)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(message, ApiJson.Options);
        var line = new byte[json.Length + 1];
        json.CopyTo(line, 0);
        line[^1] = (byte)'\n';
        return line;
    }
}

/// <summary>What a client sends.</summary>
public sealed record InspectRequest
{
    public int? V { get; init; }

    public IReadOnlyList<string>? Args { get; init; }

    public bool Json { get; init; }

    public bool Cancel { get; init; }
}

/// <summary>What the server sends; which fields are set says which reply it is.</summary>
public sealed record InspectReply
{
    public int? V { get; init; }

    public MemberName? Member { get; init; }

    public bool? Streams { get; init; }

    public string? Line { get; init; }

    public JsonElement? Data { get; init; }

    /// <summary>Set in the last reply of a command only.</summary>
    public int? Exit { get; init; }

    public string? Error { get; init; }
}
