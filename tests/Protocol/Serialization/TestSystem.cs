using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace Stockpile.Protocol.Tests.Serialization;

/// <summary>An actor system with the serialization settings of <c>hocon/akka.conf</c>.</summary>
public sealed class TestSystem : IDisposable
{
    public TestSystem() => System = (ExtendedActorSystem)ActorSystem.Create(
        "wire", AkkaConf.WithFallback("akka.loglevel = WARNING").WithFallback(ConfigurationFactory.Default()));

    /// <summary>Our file alone.</summary>
    public static Config AkkaConf { get; } = ConfigurationFactory.ParseString(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "hocon", "akka.conf")));

    public ExtendedActorSystem System { get; }

    public Akka.Serialization.Serialization Serialization => System.Serialization;

    /// <summary>Writes and reads a message as remoting and journals do.</summary>
    public object Through(object message)
    {
        var serializer = Serialization.FindSerializerFor(message);
        var manifest = Akka.Serialization.Serialization.ManifestFor(serializer, message);
        return Serialization.Deserialize(serializer.ToBinary(message), serializer.Identifier, manifest);
    }

    public Serializer SerializerOf(Type type) => Serialization.FindSerializerForType(type);

    public void Dispose()
    {
        System.Terminate().GetAwaiter().GetResult();
        System.Dispose();
    }
}
