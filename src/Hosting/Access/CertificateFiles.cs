using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Stockpile.Formats.Hocon;
using Stockpile.Hosting.Configuration;

namespace Stockpile.Hosting.Access;

/// <summary>A certificate with its private key, and the certificates between it and its root.</summary>
public sealed record LoadedCertificate(X509Certificate2 Leaf, X509Certificate2Collection Chain);

/// <summary>
/// Settings that name a certificate: PEM files, or a PFX file that holds the key as well. The files are opened only
/// when a process needs them, so that <c>stockpile config</c> needs no right to read keys.
/// </summary>
public sealed class CertificateFiles
{
    private readonly SettingReader _read;
    private readonly string _prefix;

    private CertificateFiles(SettingReader read, string prefix) => (_read, _prefix) = (read, prefix);

    public bool IsSet => _read.Text(CertificatePath).Length > 0;

    /// <summary>The setting that names the certificate.</summary>
    public string CertificatePath => $"{_prefix}.certificate";

    private string KeyPath => $"{_prefix}.key";

    private string CaPath => $"{_prefix}.ca";

    private string Password => _read.Text($"{_prefix}.password");

    internal static CertificateFiles Read(SettingReader read, string prefix)
    {
        var files = new CertificateFiles(read, prefix);
        if (!files.IsSet && read.Text(files.KeyPath).Length > 0)
            throw read.Error(files.KeyPath, $"is set, and {files.CertificatePath} is not");
        return files;
    }

    /// <exception cref="InputException">A file cannot be read, the key is another one's, or it has expired.</exception>
    public LoadedCertificate Load(TimeProvider clock)
    {
        var file = _read.Text(CertificatePath);
        var isPfx = Path.GetExtension(file).ToUpperInvariant() is ".PFX" or ".P12";
        var loaded = isPfx ? LoadPfx(file) : LoadPem(file);
        CheckTime(CertificatePath, file, loaded.Leaf, clock);
        return loaded;
    }

    /// <summary>The certificate of the authority that signs the others: <c>ca</c> beside the certificate.</summary>
    /// <exception cref="InputException">It is not set, cannot be read, or its time is over.</exception>
    public X509Certificate2 LoadCa(TimeProvider clock)
    {
        var file = _read.Required(CaPath, "the certificate of the authority that signs those of all members");
        var ca = Guarded(CaPath, file, () => X509CertificateLoader.LoadCertificateFromFile(file));
        CheckTime(CaPath, file, ca, clock);
        return ca;
    }

    private LoadedCertificate LoadPem(string file)
    {
        var keyFile = _read.Required(KeyPath, $"the private key of {file}, as a PEM file");
        var key = Guarded(KeyPath, keyFile, () => File.ReadAllText(keyFile));
        var all = new X509Certificate2Collection();
        Guarded(CertificatePath, file, () =>
        {
            all.ImportFromPemFile(file);
            return all.Count > 0 ? 0 : throw new CryptographicException("it holds no certificate in PEM");
        });
        try
        {
            var text = all[0].ExportCertificatePem();
            using var pair = Password.Length > 0
                ? X509Certificate2.CreateFromEncryptedPem(text, key, Password)
                : X509Certificate2.CreateFromPem(text, key);
            all.RemoveAt(0);
            return new LoadedCertificate(Kept(pair), all);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            throw _read.Error(KeyPath, $"'{keyFile}' is not the private key of {file}: {FirstLine(fault)}");
        }
    }

    private LoadedCertificate LoadPfx(string file)
    {
        var all = Guarded(
            CertificatePath, file, () => X509CertificateLoader.LoadPkcs12CollectionFromFile(file, Password));
        var leaf = all.FirstOrDefault(c => c.HasPrivateKey)
            ?? throw _read.Error(CertificatePath, $"'{file}' holds no certificate with its private key");
        all.Remove(leaf);
        return new LoadedCertificate(leaf, all);
    }

    private T Guarded<T>(string path, string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw _read.Error(path, $"'{file}' cannot be read: {FirstLine(fault)}");
        }
    }

    private void CheckTime(string path, string file, X509Certificate2 certificate, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        if (now > certificate.NotAfter)
            throw _read.Error(path, $"'{file}' has expired: it was valid until {Day(certificate.NotAfter)}");
        if (now < certificate.NotBefore)
            throw _read.Error(path, $"'{file}' is not valid yet: it is from {Day(certificate.NotBefore)} on");
    }

    /// <summary>A key read from PEM lives in memory only, which not every system's TLS takes.</summary>
    private static X509Certificate2 Kept(X509Certificate2 pair) =>
        X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);

    private static string Day(DateTime local) =>
        local.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string FirstLine(Exception fault) => fault.Message.Split('\n')[0].Trim();
}
