using System.Runtime.Serialization;
using Google.Protobuf;
using Stockpile.Core.Jobs;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Protocol.Tests.Mapping;

public sealed class JobSpecMappingTests
{
    private static readonly JobSpec Plain = new() { Name = "plain", Kind = JobKind.Training };

    [Fact]
    public void A_spec_comes_back_with_every_property()
    {
        var sample = RecordSamples.Of<JobSpec>();
        RecordSamples.AssertSame(sample, Through(sample), nameof(JobSpec));
    }

    [Fact]
    public void The_sample_differs_from_a_new_spec_in_every_property()
    {
        var sample = RecordSamples.Of<JobSpec>();
        foreach (var property in typeof(JobSpec).GetProperties().Where(p => p.CanWrite))
            Assert.False(Equals(property.GetValue(Plain), property.GetValue(sample)), property.Name);
    }

    [Fact]
    public void A_spec_with_defaults_comes_back_with_defaults() =>
        RecordSamples.AssertSame(Plain, Through(Plain), nameof(JobSpec));

    [Fact]
    public void Every_kind_and_priority_comes_back()
    {
        foreach (var kind in Enum.GetValues<JobKind>())
            foreach (var priority in Enum.GetValues<Priority>())
            {
                var spec = Plain with { Kind = kind, Priority = priority };
                RecordSamples.AssertSame(spec, Through(spec), nameof(JobSpec));
            }
    }

    [Fact]
    public void A_kind_of_a_newer_release_is_refused()
    {
        var msg = Plain.ToWire();
        msg.Kind = 9;
        var error = Assert.Throws<SerializationException>(() => msg.FromWire());
        Assert.Contains("9 is not a JobKind", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_comparison_sees_a_difference_in_a_list_and_in_a_map()
    {
        var sample = RecordSamples.Of<JobSpec>();
        var list = sample with { Models = [.. sample.Models.Reverse()] };
        var map = sample with { Labels = new Dictionary<string, string> { ["zone"] = "b" } };
        Assert.ThrowsAny<Exception>(() => RecordSamples.AssertSame(sample, list, nameof(JobSpec)));
        Assert.ThrowsAny<Exception>(() => RecordSamples.AssertSame(sample, map, nameof(JobSpec)));
    }

    private static JobSpec Through(JobSpec spec) => JobSpecMsg.Parser.ParseFrom(spec.ToWire().ToByteArray()).FromWire();
}
