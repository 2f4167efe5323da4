using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Stockpile.Core;

namespace Stockpile.Hosting.Access;

/// <summary>A folder of secrets cannot be used; the message is one line.</summary>
public sealed class SecretFolderException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Makes a private authority and certificates that it signs, as PEM files which only their owner may read. What is
/// there already is kept.
/// </summary>
public sealed class CertificateMaker(string folder, TimeProvider clock, int days)
{
    public const string CaFile = "ca.pem";
    public const string CaKeyFile = "ca-key.pem";

    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    /// <summary>Clocks of other machines may be behind.</summary>
    private static readonly TimeSpan Backdated = TimeSpan.FromHours(1);

    /// <summary>Names and addresses under which this machine reaches itself, in every certificate.</summary>
    private static readonly string[] Local = ["localhost", "127.0.0.1", "::1"];

    /// <param name="name">A name of a machine or an address; also the name of the files.</param>
    public static bool IsFit(string name) => Names.IsName(name);

    /// <summary>For each name <c>NAME.pem</c> and <c>NAME-key.pem</c>.</summary>
    /// <returns>The files that were made.</returns>
    /// <exception cref="SecretFolderException">The folder cannot be used, or half of a pair is missing.</exception>
    public IReadOnlyList<string> Make(IEnumerable<string> names)
    {
        var made = new List<string>();
        SecretFiles.Guarded(folder, () =>
        {
            SecretFiles.Ensure(folder);
            using var ca = Authority(made);
            foreach (var name in names.Where(n => !Exists($"{n}.pem", $"{n}-key.pem"))) Sign(ca, name, made);
        });
        return made;
    }

    private X509Certificate2 Authority(List<string> made)
    {
        if (Exists(CaFile, CaKeyFile))
            return X509Certificate2.CreateFromPemFile(PathOf(CaFile), PathOf(CaKeyFile));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Stockpile private authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = clock.GetUtcNow();
        var ca = request.CreateSelfSigned(now - Backdated, now.AddDays(days));
        Write(CaFile, ca.ExportCertificatePem(), CaKeyFile, key, made);
        return ca;
    }

    private void Sign(X509Certificate2 ca, string name, List<string> made)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid(ServerAuth), new Oid(ClientAuth)], false));
        request.CertificateExtensions.Add(AlternativeNames(name));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(ca, true, false));
        var now = clock.GetUtcNow();
        // No longer than whoever signs it.
        var end = new[] { now.AddDays(days), new DateTimeOffset(ca.NotAfter) }.Min();
        var begin = new[] { now - Backdated, new DateTimeOffset(ca.NotBefore) }.Max();
        using var signed = request.Create(ca, begin, end, RandomNumberGenerator.GetBytes(16));
        Write($"{name}.pem", signed.ExportCertificatePem(), $"{name}-key.pem", key, made);
    }

    private static X509Extension AlternativeNames(string name)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var each in Local.Prepend(name).Distinct())
            if (IPAddress.TryParse(each, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(each);
        return names.Build();
    }

    private bool Exists(string certificate, string key) =>
        (File.Exists(PathOf(certificate)), File.Exists(PathOf(key))) switch
        {
            (true, true) => true,
            (false, false) => false,
            var (first, _) => throw new SecretFolderException(
                $"{folder} has {(first ? certificate : key)} without {(first ? key : certificate)}; remove it"),
        };

    private void Write(string file, string certificate, string keyFile, ECDsa key, List<string> made)
    {
        // The key first: a certificate whose key is missing would be of no use.
        SecretFiles.Write(PathOf(keyFile), key.ExportPkcs8PrivateKeyPem());
        SecretFiles.Write(PathOf(file), certificate);
        made.AddRange([PathOf(file), PathOf(keyFile)]);
    }

    private string PathOf(string file) => Path.Combine(folder, file);
}
