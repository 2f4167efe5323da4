using Google.Protobuf;
using Google.Protobuf.Reflection;
using Stockpile.Protocol.Serialization;
using Stockpile.Protocol.V1;

namespace Stockpile.Protocol.Tests.Serialization;

public sealed class RoundTripTests(TestSystem system) : IClassFixture<TestSystem>
{
    public static TheoryData<string> Manifests => [.. WireTypes.All.Select(row => row.Manifest)];

    [Theory]
    [MemberData(nameof(Manifests))]
    public void A_message_with_every_field_comes_back_equal(string manifest)
    {
        foreach (var sample in WireSamples.Of(manifest))
        {
            Assert.IsType<StockpileSerializer>(system.Serialization.FindSerializerFor(sample));
            var back = system.Through(sample);
            Assert.IsType(sample.GetType(), back);
            Assert.Equal(sample, back);
        }
    }

    [Theory]
    [MemberData(nameof(Manifests))]
    public void A_sample_leaves_no_field_at_its_default(string manifest) =>
        Assert.All(WireSamples.Of(manifest), AssertFilled);

    [Theory]
    [MemberData(nameof(Manifests))]
    public void An_empty_message_comes_back_equal(string manifest)
    {
        var type = WireTypes.All.Single(row => row.Manifest == manifest).Type;
        var empty = Activator.CreateInstance(type)!;
        Assert.Equal(empty, system.Through(empty));
    }

    [Fact]
    public void The_samples_of_a_round_show_every_event()
    {
        var shown = WireSamples.Of("round-committed:1").Cast<RoundCommitted>()
            .SelectMany(round => round.Events).Select(e => e.EventCase).Distinct();
        var known = Enum.GetValues<CellEventMsg.EventOneofCase>().Where(c => c != CellEventMsg.EventOneofCase.None);
        Assert.Equal(known.Order(), shown.Order());
    }

    private static void AssertFilled(IMessage message)
    {
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            var value = field.Accessor.GetValue(message);
            if (field.RealContainingOneof is { } oneof && oneof.Accessor.GetCaseFieldDescriptor(message) != field)
                continue;
            if (value is System.Collections.ICollection many) Assert.True(many.Count > 0, field.FullName);
            else if (field.FieldType != FieldType.Message) AssertNotDefault(field, value);
            if (field.IsMap) continue;
            if (value is IMessage part) AssertFilled(part);
            else if (value is System.Collections.IEnumerable parts)
                foreach (var element in parts.OfType<IMessage>()) AssertFilled(element);
        }
    }

    private static void AssertNotDefault(FieldDescriptor field, object value) =>
        Assert.False(value is "" || (value is not string && Convert.ToDouble(value) == 0), field.FullName);
}
