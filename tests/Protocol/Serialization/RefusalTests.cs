using System.Runtime.Serialization;
using Akka.Actor;
using Stockpile.Protocol.Serialization;
using Stockpile.Protocol.V1;

namespace Stockpile.Protocol.Tests.Serialization;

/// <summary>There is no default JSON: neither is it written nor read.</summary>
public sealed class RefusalTests(TestSystem system) : IClassFixture<TestSystem>
{
    /// <summary>The number of Akka's own JSON serializer.</summary>
    private const int JsonId = 1;

    [Fact]
    public void An_unknown_type_is_not_written_and_its_name_is_told()
    {
        Assert.IsType<RefusingSerializer>(system.Serialization.FindSerializerFor(new Unregistered("x")));
        var error = Assert.Throws<SerializationException>(() => system.Through(new Unregistered("x")));
        Assert.Contains(nameof(Unregistered), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_of_a_message_is_not_a_message()
    {
        var error = Assert.Throws<SerializationException>(() => system.Through(new CellEventMsg()));
        Assert.Contains(nameof(CellEventMsg), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Our_serializer_writes_nothing_outside_the_table()
    {
        var serializer = new StockpileSerializer(system.System);
        Assert.Throws<SerializationException>(() => serializer.ToBinary(new CellEventMsg()));
        Assert.Throws<SerializationException>(() => serializer.Manifest(new Unregistered("x")));
    }

    [Theory]
    [InlineData("get-cell:2")]
    [InlineData("nobody:1")]
    [InlineData("")]
    public void An_unknown_manifest_is_not_read_and_its_name_is_told(string manifest)
    {
        var error = Assert.Throws<SerializationException>(() => system.Serialization.Deserialize([], 7401, manifest));
        Assert.Contains($"'{manifest}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_type_name_is_not_a_way_to_build_that_type()
    {
        var name = typeof(Unregistered).AssemblyQualifiedName!;
        var json = "{}"u8.ToArray();
        var error = Assert.Throws<SerializationException>(() => system.Serialization.Deserialize(json, 7402, name));
        Assert.Contains(nameof(Unregistered), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_claim_to_be_JSON_are_not_read()
    {
        var json = "{\"$id\":\"1\",\"Text\":\"x\"}"u8.ToArray();
        var name = typeof(Unregistered).AssemblyQualifiedName!;
        Assert.Throws<SerializationException>(() => system.Serialization.Deserialize(json, JsonId, name));

        // The same bytes under Akka's defaults, to see that the test could fail.
        using var open = ActorSystem.Create("open");
        Assert.Equal(new Unregistered("x"), open.Serialization.Deserialize(json, JsonId, name));
    }

    [Fact]
    public void The_serializers_have_the_numbers_that_the_configuration_states()
    {
        Akka.Serialization.Serializer[] ours =
            [new StockpileSerializer(system.System), new RefusingSerializer(system.System)];
        foreach (var serializer in ours)
        {
            var type = serializer.GetType();
            var key = $"akka.actor.serialization-identifiers.\"{type.FullName}, {type.Assembly.GetName().Name}\"";
            Assert.Equal(TestSystem.AkkaConf.GetInt(key, -1), serializer.Identifier);
        }
    }

    public sealed record Unregistered(string Text);
}
