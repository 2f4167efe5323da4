using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Stockpile.Hosting.Access;

/// <summary>Where HTTP is answered: a scheme, a host and a port, and nothing else.</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Host">An address, in brackets where it is IPv6, or a name.</param>
/// <param name="Port">0: a free one.</param>
public sealed record HttpAddress(string Scheme, string Host, int Port)
{
    public const string Rule = "an address without a path, such as http://127.0.0.1:8080";

    public bool IsHttps => Scheme == Uri.UriSchemeHttps;

    /// <summary>Whether only programs on this machine can connect.</summary>
    public bool IsLoopback => Loopback.Is(Host);

    /// <summary>A path is refused: web servers read <c>;</c> as the start of a second address.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out HttpAddress? address)
    {
        address = Uri.TryCreate(text, UriKind.Absolute, out var url)
            && url.Scheme is "http" or "https" && url is { PathAndQuery: "/", Fragment: "", UserInfo: "" }
            ? new HttpAddress(url.Scheme, url.Host, url.Port)
            : null;
        return address is not null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Scheme}://{Host}:{Port}");
}

/// <summary>The one place that says whether an address is out of reach of other machines.</summary>
public static class Loopback
{
    /// <param name="host">An address, with or without brackets, or a name. Of names only <c>localhost</c> is known to
    /// stay inside: what any other one means is the name server's to say, and web servers take it for every interface.
    /// </param>
    public static bool Is(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address);
}
