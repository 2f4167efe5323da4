using Stockpile.Formats.Hocon;
using Stockpile.Hosting.Configuration;

namespace Stockpile.Hosting.Access;

/// <summary>Where HTTP is answered, to whom, and with which certificate.</summary>
public sealed record HttpSettings(HttpAddress Address, AccessTokens Tokens, CertificateFiles Certificate)
{
    public const string UrlPath = "stockpile.http.url";

    /// <exception cref="InputException">A value is not allowed.</exception>
    public static HttpSettings Read(SettingLayers layers)
    {
        var read = new SettingReader(layers);
        var address = HttpAddress.TryParse(read.Text(UrlPath), out var parsed)
            ? parsed
            : throw read.Error(UrlPath, $"'{read.Text(UrlPath)}' is not {HttpAddress.Rule}");
        var certificate = CertificateFiles.Read(read, "stockpile.http.tls");
        if (address.IsHttps && !certificate.IsSet)
            throw read.Error(UrlPath, $"'{address}' needs a certificate: set {certificate.CertificatePath}");
        if (!address.IsHttps && certificate.IsSet)
            throw read.Error(UrlPath, $"'{address}' is not https, and {certificate.CertificatePath} is set");
        return new HttpSettings(address, TokenReader.Read(layers, read), certificate);
    }

    /// <summary>The same for a process that lets its callers do something: others must show who they are.</summary>
    /// <exception cref="InputException">A value is not allowed, or tokens are missing.</exception>
    public static HttpSettings ReadForApi(SettingLayers layers)
    {
        var http = Read(layers);
        if (http.Address.IsLoopback || !http.Tokens.IsEmpty) return http;
        throw new SettingReader(layers).Error(UrlPath,
            TokenReader.Missing($"{http.Address}"));
    }
}
