using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;
using Akka.DistributedData;
using Akka.Persistence;
using Akka.Remote;
using Akka.Serialization;
using Stockpile.Protocol.Serialization;
using Xunit.Sdk;

namespace Stockpile.Protocol.Tests.Serialization;

/// <summary>Akka's own modules bring serializers for their own messages; ours must not take any of them over.</summary>
public sealed class AkkaModulesTests(AkkaModulesTests.Systems systems) : IClassFixture<AkkaModulesTests.Systems>
{
    private static readonly Type[] Modules =
    [
        typeof(ActorSystem), typeof(RemoteActorRef), typeof(Cluster), typeof(ClusterSharding), typeof(ClusterSingleton),
        typeof(DistributedPubSub), typeof(DistributedData), typeof(Persistence),
    ];

    /// <summary>What marks a message of a module as one that crosses a process.</summary>
    private static readonly string[] Markers =
    [
        "Akka.Cluster.IClusterMessage",
        "Akka.Cluster.Sharding.IClusterShardingSerializable",
        "Akka.Cluster.Tools.Singleton.IClusterSingletonMessage",
        "Akka.Cluster.Tools.PublishSubscribe.IDistributedPubSubMessage",
        "Akka.DistributedData.IReplicatorMessage",
        "Akka.DistributedData.IReplicatedDataSerialization",
        "Akka.Persistence.Serialization.IMessage",
    ];

    [Fact]
    public void A_type_of_Akka_keeps_its_serializer_unless_that_was_the_default_JSON()
    {
        var (kept, refused) = (0, 0);
        foreach (var type in ConcreteTypes())
        {
            var before = systems.Plain.Serialization.FindSerializerForType(type).GetType();
            var after = systems.Ours.Serialization.FindSerializerForType(type).GetType();
            var wasJson = before == typeof(NewtonSoftJsonSerializer);
            Assert.True(after == (wasJson ? typeof(RefusingSerializer) : before), $"{type}: {before} became {after}");
            if (wasJson) refused++;
            else kept++;
        }

        Assert.True(kept > 100 && refused > 0, $"{kept} kept, {refused} refused: the scan saw too little");
    }

    [Fact]
    public void A_marked_message_of_a_module_is_never_refused()
    {
        var types = ConcreteTypes();
        foreach (var name in Markers)
        {
            var marker = Modules.Select(m => m.Assembly.GetType(name)).FirstOrDefault(type => type is not null)
                ?? throw new XunitException($"no type {name}");
            var marked = types.Where(type => type.IsAssignableTo(marker)).ToArray();
            Assert.NotEmpty(marked);
            var serializers = marked.Select(type => systems.Ours.Serialization.FindSerializerForType(type));
            Assert.All(serializers, serializer => Assert.IsNotType<RefusingSerializer>(serializer));
        }
    }

    /// <summary>
    /// The most derived types first: Akka remembers each answer as a binding, so an answer for a base class could
    /// otherwise decide for the classes under it.
    /// </summary>
    private static Type[] ConcreteTypes()
    {
        var types = Modules.Select(m => m.Assembly).Distinct().SelectMany(assembly => assembly.GetTypes());
        return
        [
            .. types.Where(type => !type.IsInterface && !type.IsAbstract && !type.ContainsGenericParameters)
                .OrderByDescending(Depth),
        ];
    }

    private static int Depth(Type type) => type.BaseType is { } parent ? 1 + Depth(parent) : 0;

    public static TheoryData<string> Messages => [.. Samples.Keys];

    private static readonly UniqueAddress Node = new(new Address("akka.tcp", "ours", "localhost", 2551), 1);

    private static readonly Dictionary<string, object> Samples = new()
    {
        ["a text"] = "text",
        ["a whole number"] = 42L,
        ["Identify"] = new Identify(7),
        ["PoisonPill"] = PoisonPill.Instance,
        ["Kill"] = Kill.Instance,
        ["Status.Success"] = new Status.Success("done"),
        ["StartEntity"] = new ShardRegion.StartEntity("north"),
        ["GCounter"] = GCounter.Empty.Increment(Node, 3),
        ["ORSet"] = ORSet.Create(Node, "north"),
        ["AtLeastOnceDeliverySnapshot"] = new AtLeastOnceDeliverySnapshot(3, []),
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_of_Akka_comes_back_equal(string name)
    {
        var message = Samples[name];
        var serialization = systems.Ours.Serialization;
        var serializer = serialization.FindSerializerFor(message);
        var manifest = Akka.Serialization.Serialization.ManifestFor(serializer, message);
        var back = serialization.Deserialize(serializer.ToBinary(message), serializer.Identifier, manifest);
        if (message is Status.Success success) Assert.Equal(success.Status, ((Status.Success)back).Status);
        else Assert.Equal(message, back);
    }

    /// <summary>Remoting on a free port, cluster, sharding, singletons, distributed data and persistence.</summary>
    internal static Config WithModules(Config top) => top
        .WithFallback("akka.actor.provider = cluster, akka.loglevel = WARNING")
        .WithFallback("akka.remote.dot-netty.tcp { hostname = localhost, port = 0 }")
        .WithFallback(ClusterSharding.DefaultConfig())
        .WithFallback(ClusterSingleton.DefaultConfig())
        .WithFallback(DistributedPubSub.DefaultConfig())
        .WithFallback(DistributedData.DefaultConfig())
        .WithFallback(Persistence.DefaultConfig());

    /// <summary>Two systems with the same modules: one with Akka's defaults, one with our file on top.</summary>
    public sealed class Systems : IDisposable
    {
        public ActorSystem Plain { get; } = ActorSystem.Create("plain", WithModules(Config.Empty));

        public ActorSystem Ours { get; } = ActorSystem.Create("ours", WithModules(TestSystem.AkkaConf));

        public void Dispose()
        {
            Task.WhenAll(Plain.Terminate(), Ours.Terminate()).GetAwaiter().GetResult();
            Plain.Dispose();
            Ours.Dispose();
        }
    }
}
