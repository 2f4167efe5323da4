using System.CommandLine;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Stockpile.Cli.Client;

/// <summary>Which server a verb talks to, who it says it is, and whom it believes.</summary>
/// <param name="Token">Null: none.</param>
/// <param name="Ca">The only authority that counts; null: those of the machine.</param>
internal sealed record ServerAccess(Uri Address, string? Token, X509Certificate2Collection? Ca)
{
    public const string TokenVariable = "STOCKPILE_TOKEN";
    public const string TokenFileVariable = "STOCKPILE_TOKEN_FILE";

    public SocketsHttpHandler Handler()
    {
        var handler = new SocketsHttpHandler();
        if (Ca is null) return handler;
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            // A private authority publishes no list of what it revoked.
            RevocationMode = X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(Ca);
        return handler;
    }
}

/// <summary>The options by which a verb is told of its server.</summary>
internal sealed class ServerOptions
{
    public const string ServerDefault = "http://127.0.0.1:8080";
    public const string ServerVariable = "STOCKPILE_SERVER";
    public const string CaVariable = "STOCKPILE_CA";

    private readonly Option<string?> _server = new("--server")
    {
        Description = $"Address of the cluster; else {ServerVariable}, else {ServerDefault}",
        HelpName = "URL",
    };

    private readonly Option<string?> _token = new("--token")
    {
        Description = $"Access token; else {ServerAccess.TokenVariable}, else what the file named by "
            + $"{ServerAccess.TokenFileVariable} holds. Others on this machine may see the options of a program",
        HelpName = "TOKEN",
    };

    private readonly Option<string?> _ca = new("--ca")
    {
        Description = $"PEM file of the authority that signed the certificate of an https server; else {CaVariable}, "
            + "else those this machine trusts",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Add(_server);
        command.Add(_token);
        command.Add(_ca);
    }

    /// <exception cref="CliException">An address, a token or a file cannot be used.</exception>
    public ServerAccess Read(ParseResult parsed, CliContext context) => new(
        AddressOf(parsed.GetValue(_server), context),
        TokenOf(parsed.GetValue(_token), context),
        CaOf(parsed.GetValue(_ca), context));

    /// <summary>For a verb that has none of the options.</summary>
    /// <exception cref="CliException">A token or a file cannot be used.</exception>
    public static ServerAccess OfEnvironment(Uri address, CliContext context) =>
        new(address, TokenOf(null, context), CaOf(null, context));

    /// <summary>The address given, else that of the environment, else the default.</summary>
    private static Uri AddressOf(string? given, CliContext context)
    {
        var text = given ?? context.Environment(ServerVariable);
        if (string.IsNullOrWhiteSpace(text)) text = ServerDefault;
        if (Uri.TryCreate(text, UriKind.Absolute, out var server) && server.Scheme is "http" or "https") return server!;
        throw new CliException(ExitCodes.Usage,
            $"{(given is null ? ServerVariable : "--server")} is {text}; allowed: an address such as {ServerDefault}");
    }

    private static string? TokenOf(string? given, CliContext context)
    {
        var (token, source) = (given, "--token");
        if (token is null)
            (token, source) = (context.Environment(ServerAccess.TokenVariable), ServerAccess.TokenVariable);
        if (token is null or "" && context.Environment(ServerAccess.TokenFileVariable) is { Length: > 0 } file)
            (token, source) = (ReadToken(file), ServerAccess.TokenFileVariable);
        if (token is null or "") return null;
        // The token itself is never shown, also not one that is wrong.
        return AuthenticationHeaderValue.TryParse($"Bearer {token}", out _) && !token.Any(c => c is <= ' ' or > '~')
            ? token
            : throw new CliException(ExitCodes.Usage, $"{source} is no token: it has characters that no token has");
    }

    private static string ReadToken(string file)
    {
        try
        {
            return File.ReadAllText(file).TrimEnd('\r', '\n');
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCodes.Refused,
                $"{ServerAccess.TokenFileVariable}: '{file}' cannot be read: {fault.Message}");
        }
    }

    private static X509Certificate2Collection? CaOf(string? given, CliContext context)
    {
        var file = given ?? context.Environment(CaVariable);
        if (string.IsNullOrEmpty(file)) return null;
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(file);
            return all.Count > 0 ? all : throw new CryptographicException("it holds no certificate in PEM");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new CliException(ExitCodes.Refused,
                $"{(given is null ? CaVariable : "--ca")}: '{file}' cannot be read: {fault.Message}");
        }
    }
}
