using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Configuration;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog.Core;
using Stockpile.Hosting.Configuration;
using Stockpile.Inspect.Agent;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Hosting;
using Stockpile.Inspect.Logs;
using Stockpile.Inspect.Server;
using Stockpile.Inspect.Tests.Cluster;
using Stockpile.Protocol.Serialization;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Hosting;

[assembly: AssemblyFixture(typeof(TestMembers))]

namespace Stockpile.Inspect.Tests.Cluster;

/// <summary>
/// A cluster in this process: two schedulers with a region of cells and a node member with its proxy and some actors
/// where hosts have theirs. The hosting, the settings and the wire are those of the program.
/// </summary>
public sealed class TestMembers : IAsyncLifetime
{
    public const int Cells = 6;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<TestMember> _all = [];

    public TestMember First => _all[0];

    public TestMember Second => _all[1];

    public TestMember Node => _all[2];

    public async ValueTask InitializeAsync()
    {
        foreach (var role in new[] { SchedulerHostingExtensions.Role, SchedulerHostingExtensions.Role, "node" })
        {
            var member = await TestMember.StartAsync(role);
            _all.Add(member);
            // One after the other, so that the first is the oldest and so the coordinator.
            await member.Cluster.JoinAsync(First.Cluster.SelfAddress).WaitAsync(Patience);
        }

        var region = ActorRegistry.For(Node.System).Get<TestCell>();
        for (var i = 0; i < Cells; i++) await AskUntilAnsweredAsync(region, $"cell-{i}");
        foreach (var member in _all)
            while (member.Cluster.State.Members.Count(m => m.Status == MemberStatus.Up) < _all.Count)
                await Task.Delay(50);
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_all.Select(member => member.StopAsync()));

    private static async Task AskUntilAnsweredAsync(IActorRef region, string cell)
    {
        for (var since = Environment.TickCount64; ;)
        {
            try
            {
                await region.Ask<CellBusy>(new GetCell { Cell = cell }, TimeSpan.FromSeconds(1));
                return;
            }
            catch (AskTimeoutException) when (Environment.TickCount64 - since < Patience.TotalMilliseconds)
            {
                // The coordinator is still on its way.
            }
        }
    }
}

/// <summary>Answers to have been there.</summary>
internal sealed class TestCell : ReceiveActor
{
    public TestCell(string cell) => Receive<GetCell>(_ => Sender.Tell(new CellBusy { Cell = cell }));
}

/// <summary>Has children of the given names.</summary>
internal sealed class Parent : ReceiveActor
{
    public Parent(IReadOnlyDictionary<string, string[]> children)
    {
        foreach (var (name, below) in children)
            Context.ActorOf(Props(below.ToDictionary(g => g, _ => Array.Empty<string>())), name);
    }

    public static Props Props(IReadOnlyDictionary<string, string[]> children) =>
        Akka.Actor.Props.Create(() => new Parent(children));
}

public sealed class TestMember(IHost host)
{
    public ActorSystem System { get; } = host.Services.GetRequiredService<ActorSystem>();

    public Akka.Cluster.Cluster Cluster => Akka.Cluster.Cluster.Get(System);

    public string Address => Cluster.SelfAddress.ToString();

    public CommandRunner Runner => host.Services.GetRequiredService<CommandRunner>();

    public IMembers Members => host.Services.GetRequiredService<IMembers>();

    public InspectorLog Log => host.Services.GetRequiredService<InspectorLog>();

    public int Port => host.Services.GetRequiredService<InspectorServer>().EndPoint!.Port;

    public static async Task<TestMember> StartAsync(string role)
    {
        var log = new InspectorLog(new LogTail(), new LoggingLevelSwitch());
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(log);
        builder.Logging.Services.AddSingleton<ILoggerFactory>(new Serilog.Extensions.Logging.SerilogLoggerFactory(
            new Serilog.LoggerConfiguration().MinimumLevel.ControlledBy(log.Level).WriteTo.Sink(log.Tail)
                .CreateLogger(), dispose: true));
        builder.Services.AddAkka(StockpileConfig.SystemName, akka => Configure(akka, role));
        builder.Services.AddStockpileInspector(
            new InspectorOptions(Port: 0), log, provider => [FleetLike(provider.GetRequiredService<ActorSystem>())]);
        var host = builder.Build();
        await host.StartAsync();
        return new TestMember(host);
    }

    public async Task StopAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }

    private static void Configure(AkkaConfigurationBuilder akka, string role)
    {
        akka.AddHocon(Settings, HoconAddMode.Prepend)
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.AddLoggerFactory();
            })
            .WithClustering(new ClusterOptions { Roles = [role] })
            .WithStockpileInspector();
        if (role == SchedulerHostingExtensions.Role)
        {
            akka.WithShardRegion<TestCell>(
                "cell", cell => Props.Create(() => new TestCell(cell)), new CellMessageExtractor(),
                new ShardOptions { Role = role });
            return;
        }

        akka.WithStockpileCellsProxyAs<TestCell>();
        var nodes = new Dictionary<string, string[]> { ["north-1"] = ["1", "2"], ["north-2"] = ["3"] };
        akka.WithActors((system, _) => system.ActorOf(Parent.Props(nodes), "host"));
    }

    private static Config Settings => ConfigurationFactory.ParseString("""
        akka.cluster {
          gossip-interval = 100ms
          leader-actions-interval = 100ms
          periodic-tasks-initial-delay = 100ms
          sharding {
            remember-entities = off
            retry-interval = 200ms
            waiting-for-state-timeout = 1s
          }
        }
        secret-door { password = hunter2, connection-string = "Host=db;Password=hunter2;Username=u" }
        """)
        .WithFallback(ConfigurationFactory.ParseString(
            Read("akka.conf") + "\n" + WireTypes.Bindings + "\n" + Read("cluster.conf")));

    private static string Read(string file) => File.ReadAllText(StockpileConfig.PathOf(file));

    /// <summary>Commands that only a scheduler can answer, and one with a long answer.</summary>
    private static Palette FleetLike(ActorSystem system) => new("fleet", "Fleet",
    [
        new("where", "Where this is answered", [], (_, answer, _) =>
            answer.LineAsync(Akka.Cluster.Cluster.Get(system).SelfAddress.ToString()).AsTask()),
        new("count", "Counts", [new("to", "How far", "-t") { Mandatory = true }], async (call, answer, _) =>
        {
            for (var i = 0; i < int.Parse(call.Get("to")); i++) await answer.LineAsync($"{i}", new { Number = i });
        }),
    ]);
}

internal static class ProxyExtensions
{
    public static AkkaConfigurationBuilder WithStockpileCellsProxyAs<T>(this AkkaConfigurationBuilder akka) =>
        akka.WithShardRegionProxy<T>("cell", SchedulerHostingExtensions.Role, new CellMessageExtractor());
}
