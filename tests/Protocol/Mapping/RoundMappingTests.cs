using System.Runtime.Serialization;
using Google.Protobuf;
using Stockpile.Core.State;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Protocol.Tests.Mapping;

public sealed class RoundMappingTests
{
    private static readonly Type[] EventTypes = typeof(CellEvent).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(CellEvent)) && !type.IsAbstract).ToArray();

    public static TheoryData<string> EventNames => [.. EventTypes.Select(type => type.FullName!)];

    [Theory]
    [MemberData(nameof(EventNames))]
    public void An_event_comes_back_with_every_property(string name)
    {
        var sample = (CellEvent)RecordSamples.Of(EventTypes.Single(type => type.FullName == name));
        var bytes = sample.ToWire().ToByteArray();
        RecordSamples.AssertSame(sample, CellEventMsg.Parser.ParseFrom(bytes).FromWire(), name);
    }

    [Fact]
    public void Every_event_has_a_case_of_its_own_and_every_case_an_event()
    {
        var mapped = EventTypes.Select(type => ((CellEvent)RecordSamples.Of(type)).ToWire().EventCase).ToArray();
        var cases = Enum.GetValues<CellEventMsg.EventOneofCase>().Where(c => c != CellEventMsg.EventOneofCase.None);
        Assert.Equal(cases.Order(), mapped.Order());
    }

    [Fact]
    public void A_round_comes_back_with_its_events_in_order()
    {
        var sample = RecordSamples.Of<RoundHead>();
        var events = EventTypes.Select(type => (CellEvent)RecordSamples.Of(type)).ToArray();
        var round = new Round(sample.Cell, sample.Epoch, sample.Number, sample.At, events);
        var bytes = round.ToWire().ToByteArray();
        RecordSamples.AssertSame(round, RoundCommitted.Parser.ParseFrom(bytes).FromWire(), "Round");
    }

    [Fact]
    public void Every_end_of_an_allocation_comes_back() =>
        Assert.All(Enum.GetValues<AllocationEnd>(), end =>
            Assert.Equal(end, ((AllocationsEnded)new AllocationsEnded([1], end).ToWire().FromWire()).End));

    [Fact]
    public void An_event_without_a_case_is_refused_by_name()
    {
        var error = Assert.Throws<SerializationException>(() => new Unmapped().ToWire());
        Assert.Contains(nameof(Unmapped), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_case_of_a_newer_release_is_refused_with_cell_round_and_number()
    {
        // Field 99, a varint: what a newer release would write for a case we do not have.
        var unknown = CellEventMsg.Parser.ParseFrom([0x98, 0x06, 0x01]);
        var round = new RoundCommitted { Cell = "north", Number = 4711, Events = { unknown } };
        var error = Assert.Throws<SerializationException>(() => round.FromWire());
        Assert.Contains("north", error.Message, StringComparison.Ordinal);
        Assert.Contains("4711", error.Message, StringComparison.Ordinal);
        Assert.Contains("99", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_event_without_any_case_is_refused()
    {
        var error = Assert.Throws<SerializationException>(() => new CellEventMsg().FromWire());
        Assert.Contains("case 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_end_of_a_newer_release_is_refused_with_cell_and_round()
    {
        var ended = new CellEventMsg { AllocationsEnded = new() { Sequences = { 1 }, End = 77 } };
        var round = new RoundCommitted { Cell = "north", Number = 4711, Events = { ended } };
        var error = Assert.Throws<SerializationException>(() => round.FromWire());
        Assert.Contains("cell north, round 4711: 77 is not a AllocationEnd", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_submission_without_a_spec_is_refused()
    {
        var submitted = new CellEventMsg { JobSubmitted = new() { Job = 5 } };
        var error = Assert.Throws<SerializationException>(() => submitted.FromWire());
        Assert.Contains("job 5", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A round without its events: the builder of samples cannot choose a subclass.</summary>
    private sealed record RoundHead(string Cell, long Epoch, long Number, DateTimeOffset At);

    private sealed record Unmapped : CellEvent;
}
