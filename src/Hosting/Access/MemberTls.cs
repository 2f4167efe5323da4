using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Akka.Event;
using Akka.Hosting;
using Akka.Remote.Transport.DotNetty;

namespace Stockpile.Hosting.Access;

/// <summary>
/// TLS between members, both ways: whoever connects and whoever is connected to shows a certificate, and it must be
/// signed by the cluster's own authority. No other authority counts, also none that the machine trusts.
/// </summary>
public static class MemberTls
{
    /// <summary>The setup for Akka.Remote; null: the settings name no certificate.</summary>
    /// <exception cref="Formats.Hocon.InputException">A certificate cannot be used.</exception>
    public static DotNettySslSetup? Load(CertificateFiles files, TimeProvider clock)
    {
        if (!files.IsSet) return null;
        var own = files.Load(clock);
        var ca = files.LoadCa(clock);
        return new DotNettySslSetup(
            own.Leaf, suppressValidation: false, requireMutualAuthentication: true,
            (peer, _, remote, _, log) => IsSigned(peer, ca, remote, log));
    }

    /// <summary>Before the actor system starts; null changes nothing.</summary>
    public static AkkaConfigurationBuilder WithMemberTls(this AkkaConfigurationBuilder akka, DotNettySslSetup? tls) =>
        tls is null ? akka : akka.AddSetup(tls);

    /// <summary>Names are not compared: the authority tells who is a member, and containers change names.</summary>
    private static bool IsSigned(X509Certificate2? peer, X509Certificate2 ca, string remote, ILoggingAdapter log)
    {
        var why = peer is null ? "it shows no certificate" : WhyNot(peer, ca);
        if (why is null) return true;
        log.Warning("refused {0}, which is no member of this cluster: {1}", remote, why);
        return false;
    }

    private static string? WhyNot(X509Certificate2 peer, X509Certificate2 ca)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(ca);
        // A private authority publishes no list of what it revoked; a new authority is how a key is taken back.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(peer)
            ? null
            : string.Join(", ", chain.ChainStatus.Select(s => s.StatusInformation.Trim()).Distinct());
    }
}
