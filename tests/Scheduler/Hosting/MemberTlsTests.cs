using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Akka.Remote;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Stockpile.Hosting.Access;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Processes;
using Stockpile.Tests.Shared;

namespace Stockpile.Scheduler.Tests.Hosting;

/// <summary>TLS between members, from the settings on, with what <c>stockpile certs</c> makes.</summary>
public sealed class MemberTlsTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly string _folder = Directory.CreateTempSubdirectory("member-tls-").FullName;
    private readonly List<IHost> _hosts = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public MemberTlsTests()
    {
        new CertificateMaker(PathOf("ours"), TimeProvider.System, 2).Make(["one", "two"]);
        new CertificateMaker(PathOf("theirs"), TimeProvider.System, 2).Make(["three"]);
    }

    [Fact]
    public async Task Members_with_certificates_of_their_authority_form_a_cluster()
    {
        var (first, second) = await TwoAsync();

        Assert.Equal("akka.ssl.tcp", Cluster.Get(first).SelfAddress.Protocol);
        foreach (var system in new[] { first, second })
            Assert.Equal(2, Cluster.Get(system).State.Members.Count(m => m.Status == MemberStatus.Up));
    }

    [Theory]
    [InlineData("none", "")]
    [InlineData("theirs/three", "theirs/ca.pem")]
    [InlineData("theirs/three", "ours/ca.pem")]
    public async Task Whoever_has_no_certificate_of_that_authority_does_not_get_in(string certificate, string ca)
    {
        var (first, second) = await TwoAsync();
        var refused = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var stranger = await StartAsync(certificate, ca);
        stranger.ActorOf(Props.Create(() => new Refusals(refused)));
        // As it would be called over the transport that the stranger has.
        var seed = Cluster.Get(first).SelfAddress.WithProtocol(Cluster.Get(stranger).SelfAddress.Protocol);

        Cluster.Get(stranger).Join(seed);
        await refused.Task.WaitAsync(Patience, Cancel);
        // What the members know after one more round trip between them is what they knew when it was refused.
        var answer = await first.ActorSelection(new RootActorPath(Cluster.Get(second).SelfAddress) / "user")
            .Ask<ActorIdentity>(new Identify(1), Patience, Cancel);

        Assert.NotNull(answer.Subject);
        Assert.Empty(Cluster.Get(stranger).State.Members);
        foreach (var system in new[] { first, second })
            Assert.Equal(2, Cluster.Get(system).State.Members.Count);
    }

    [Fact]
    public async Task A_client_that_shows_no_certificate_is_cut_off()
    {
        var system = await StartAsync("ours/one", "ours/ca.pem");
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", Cluster.Get(system).SelfAddress.Port!.Value, Cancel);
        await using var tls = new SslStream(tcp.GetStream());
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Patience);

        var read = await Record.ExceptionAsync(async () =>
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                // It believes the member, which does not believe it.
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(PathOf("ours/ca.pem")) },
                },
            }, limit.Token);
            // With TLS 1.3 the client hears of it only after its part of the handshake.
            if (await tls.ReadAsync(new byte[1], limit.Token) == 0) throw new IOException("the member closed");
        });

        Assert.True(read is IOException or AuthenticationException, $"{read}");
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_hosts.Select(h => h.Services.GetRequiredService<ActorSystem>().Terminate()));
        foreach (var host in _hosts) host.Dispose();
        TestFolders.Delete(_folder);
    }

    private string PathOf(string file) => Path.Combine(_folder, file);

    private async Task<(ActorSystem First, ActorSystem Second)> TwoAsync()
    {
        var first = await StartAsync("ours/one", "ours/ca.pem");
        var second = await StartAsync("ours/two", "ours/ca.pem");
        var seed = Cluster.Get(first).SelfAddress;
        await Cluster.Get(first).JoinAsync(seed, Cancel).WaitAsync(Patience, Cancel);
        await Cluster.Get(second).JoinAsync(seed, Cancel).WaitAsync(Patience, Cancel);
        // The second is up when it says so; the first hears of it by gossip.
        while (Cluster.Get(first).State.Members.Count(m => m.Status == MemberStatus.Up) < 2)
            await Task.Delay(50, Cancel).WaitAsync(Patience, Cancel);
        return (first, second);
    }

    /// <param name="certificate">Without <c>.pem</c>; none: no TLS.</param>
    private async Task<ActorSystem> StartAsync(string certificate, string ca)
    {
        string[] tls = certificate == "none" ? [] :
        [
            $"stockpile.cluster.tls.certificate={PathOf(certificate)}.pem",
            $"stockpile.cluster.tls.key={PathOf(certificate)}-key.pem",
            $"stockpile.cluster.tls.ca={PathOf(ca)}",
        ];
        var layers = SettingLayers.Read(null, [],
            [.. tls, "stockpile.cluster.port=0", "akka.loglevel=OFF", "stockpile.journal.sqlite.data=" + _folder]);
        var member = ProcessSettings.Read(layers).Member;
        layers.UseMember(member);
        layers.UseSqlite("Data Source=" + PathOf("journal.db"));
        var host = new HostBuilder().ConfigureServices(services => services.AddAkka(
            StockpileConfig.SystemName, akka => akka
                .AddHocon(layers.ToAkka(), HoconAddMode.Prepend)
                .WithMemberTls(MemberTls.Load(member.Tls, TimeProvider.System))
                .WithClustering(new ClusterOptions { Roles = ["scheduler"] }))).Build();
        _hosts.Add(host);
        await host.StartAsync(Cancel);
        return host.Services.GetRequiredService<ActorSystem>();
    }

    /// <summary>Hears when the transport gives a connection up.</summary>
    private sealed class Refusals : ReceiveActor
    {
        public Refusals(TaskCompletionSource<string> refused)
        {
            Context.System.EventStream.Subscribe(Self, typeof(AssociationErrorEvent));
            Context.System.EventStream.Subscribe(Self, typeof(DisassociatedEvent));
            Receive<AssociationErrorEvent>(e => refused.TrySetResult($"{e}"));
            Receive<DisassociatedEvent>(e => refused.TrySetResult($"{e}"));
        }
    }
}
