using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using Stockpile.Formats.Hocon;
using Stockpile.Hosting.Access;
using Stockpile.Hosting.Processes;
using Stockpile.Hosting.Tests.Configuration;

namespace Stockpile.Hosting.Tests.Access;

public sealed class CertificateTests
{
    private const string Tls = "stockpile.cluster.tls.";

    [Fact]
    public void What_is_made_is_signed_by_its_authority_for_its_name_and_its_key_fits()
    {
        using var folder = new Folder().WithCertificate("scheduler-1");
        var files = Files(folder, "scheduler-1");

        var leaf = files.Load(TimeProvider.System).Leaf;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(files.LoadCa(TimeProvider.System));

        Assert.True(leaf.HasPrivateKey);
        Assert.True(chain.Build(leaf), string.Join(", ", chain.ChainStatus.Select(s => s.StatusInformation)));
        foreach (var name in new[] { "scheduler-1", "localhost", "127.0.0.1", "::1" })
            Assert.True(leaf.MatchesHostname(name), name);
        Assert.False(leaf.MatchesHostname("scheduler-2"));
    }

    [Fact]
    public void An_authority_that_is_there_signs_later_ones_and_nothing_is_overwritten()
    {
        using var folder = new Folder().WithCertificate("one");
        var before = File.ReadAllText(folder["ca.pem"]) + File.ReadAllText(folder["one.pem"]);

        var made = new CertificateMaker(folder.Path, TimeProvider.System, 2).Make(["one", "two"]);

        Assert.Equal([folder["two.pem"], folder["two-key.pem"]], made);
        Assert.Equal(before, File.ReadAllText(folder["ca.pem"]) + File.ReadAllText(folder["one.pem"]));
        Folder.AssertPrivate(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Half_a_pair_is_not_replaced_in_silence()
    {
        using var folder = new Folder().WithCertificate();
        File.Delete(folder["ca-key.pem"]);

        var fault = Assert.Throws<SecretFolderException>(() => folder.WithCertificate("other"));

        Assert.Contains("ca.pem without ca-key.pem", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pfx_file_holds_its_key()
    {
        using var folder = new Folder().WithCertificate();
        using var pair = X509Certificate2.CreateFromPemFile(folder["member.pem"], folder["member-key.pem"]);
        File.WriteAllBytes(folder["member.pfx"], pair.Export(X509ContentType.Pkcs12, "pass"));

        var loaded = Load($"{Tls}certificate={folder["member.pfx"]}", $"{Tls}password=pass");
        var fault = Assert.Throws<InputException>(() =>
            Load($"{Tls}certificate={folder["member.pfx"]}", $"{Tls}password=wrong-one"));

        Assert.Equal(pair.Thumbprint, loaded.Leaf.Thumbprint);
        Assert.True(loaded.Leaf.HasPrivateKey);
        Assert.DoesNotContain("wrong-one", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_certificates_between_it_and_its_root_are_sent_with_it()
    {
        using var folder = new Folder().WithCertificate();
        var both = folder.Write(
            "both.pem", File.ReadAllText(folder["member.pem"]) + File.ReadAllText(folder["ca.pem"]));

        var loaded = Load($"{Tls}certificate={both}", $"{Tls}key={folder["member-key.pem"]}");

        Assert.Contains("CN=member", loaded.Leaf.Subject, StringComparison.Ordinal);
        Assert.Contains("authority", Assert.Single(loaded.Chain).Subject, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none.pem", "member-key.pem", "tls.certificate", "none.pem' cannot be read")]
    [InlineData("member.pem", "none.pem", "tls.key", "none.pem' cannot be read")]
    [InlineData("member.pem", "", "tls.key", "is missing: the private key of")]
    [InlineData("member.pem", "ca-key.pem", "tls.key", "is not the private key of")]
    [InlineData("member.pem", "member.pem", "tls.key", "is not the private key of")]
    [InlineData("member-key.pem", "member-key.pem", "tls.certificate", "no certificate in PEM")]
    [InlineData("text.pem", "member-key.pem", "tls.certificate", "no certificate in PEM")]
    [InlineData("text.pfx", "", "tls.certificate", "text.pfx' cannot be read")]
    public void A_file_that_cannot_be_used_is_named_with_its_setting(
        string certificate, string key, string setting, string said)
    {
        using var folder = new Folder().WithCertificate();
        folder.Write("text.pem", "no certificate");
        folder.Write("text.pfx", "no certificate");

        var fault = Assert.Throws<InputException>(() => Load(
            $"{Tls}certificate={folder[certificate]}", $"{Tls}key={(key.Length > 0 ? folder[key] : "")}"));

        Assert.Contains(setting, fault.Message, StringComparison.Ordinal);
        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Theory]
    [InlineData(3, "has expired")]
    [InlineData(-3, "is not valid yet")]
    public void A_certificate_outside_its_time_is_refused(int days, string said)
    {
        using var folder = new Folder().WithCertificate();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddDays(days));
        var files = Files(folder, "member");

        Assert.Contains(said, Assert.Throws<InputException>(() => files.Load(clock)).Message, StringComparison.Ordinal);
        var ca = Assert.Throws<InputException>(() => files.LoadCa(clock)).Message;
        Assert.Contains(said, ca, StringComparison.Ordinal);
        Assert.Contains("tls.ca", ca, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stockpile.http.url=https://127.0.0.1:8443", "needs a certificate: set stockpile.http.tls.certificate")]
    [InlineData("stockpile.http.tls.certificate=x.pem", "is not https")]
    [InlineData("stockpile.http.tls.key=x.pem", "and stockpile.http.tls.certificate is not")]
    [InlineData("stockpile.cluster.tls.key=x.pem", "and stockpile.cluster.tls.certificate is not")]
    public void Settings_that_do_not_go_together_are_refused(string assignment, string said)
    {
        var fault = Assert.Throws<InputException>(() =>
            ProcessSettings.Read(SettingLayersTests.Read(null, null, [assignment])));

        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void With_a_certificate_members_speak_tls_and_look_for_seeds_that_do()
    {
        var layers = SettingLayersTests.Read(null, null,
            ["stockpile.cluster.tls.certificate=x.pem", "stockpile.cluster.seeds=a:1"]);
        layers.UseMember(ProcessSettings.Read(layers).Member);
        var akka = layers.ToAkka();

        Assert.True(akka.GetBoolean("akka.remote.dot-netty.tcp.enable-ssl"));
        Assert.Equal(["akka.ssl.tcp://stockpile@a:1"], akka.GetStringList("akka.cluster.seed-nodes"));
    }

    private static CertificateFiles Files(Folder folder, string name) => ProcessSettings.Read(
        SettingLayersTests.Read(null, null, [
            $"{Tls}certificate={folder[name + ".pem"]}", $"{Tls}key={folder[name + "-key.pem"]}",
            $"{Tls}ca={folder["ca.pem"]}",
        ])).Member.Tls;

    private static LoadedCertificate Load(params string[] assignments) =>
        ProcessSettings.Read(SettingLayersTests.Read(null, null, assignments)).Member.Tls.Load(TimeProvider.System);
}
