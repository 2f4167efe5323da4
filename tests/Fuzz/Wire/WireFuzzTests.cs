using System.Runtime.Serialization;
using Akka.Actor;
using Google.Protobuf;
using Stockpile.Core;
using Stockpile.Core.State;
using Stockpile.Fuzz.Tests.Files;
using Stockpile.Fuzz.Tests.Harness;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.Serialization;
using Stockpile.Protocol.V1;

namespace Stockpile.Fuzz.Tests.Wire;

/// <summary>
/// Bytes from the network or the journal: they are read, or refused with a <see cref="SerializationException"/>; what
/// is well formed and contradicts the state breaks an invariant and nothing else.
/// </summary>
public sealed class WireFuzzTests
{
    /// <summary>By manifest, the bytes of each sample.</summary>
    private static readonly IReadOnlyList<(string Manifest, byte[][] Samples)> Golden =
    [
        .. WireTypes.All.Select(row => (row.Manifest, File
            .ReadAllLines(Path.Combine(AppContext.BaseDirectory, "golden", row.Manifest.Replace(':', '-') + ".txt"))
            .DefaultIfEmpty("").Select(Convert.FromHexString).ToArray())),
    ];

    [Fact]
    public async Task Frames_are_read_or_refused()
    {
        using var system = ActorSystem.Create("fuzz");
        var serializer = new StockpileSerializer((ExtendedActorSystem)system);
        await new FuzzRun<(string Manifest, byte[] Bytes)>(
            "frames", Cases.FramesPerType * Golden.Count, Frame, frame => ValueTask.FromResult(Reads(() =>
            {
                var message = serializer.FromBinary(frame.Bytes, frame.Manifest);
                Map(message);
                serializer.ToBinary(message);
            })))
        {
            SizeOf = frame => frame.Bytes.Length,
            Show = frame => $"{frame.Manifest} {Convert.ToHexString(frame.Bytes)}",
        }.RunAsync();
    }

    /// <summary>Rows and snapshots whose fields lie, taken up by a state.</summary>
    [Fact]
    public async Task Rows_and_snapshots_that_lie_are_refused()
    {
        var kinds = Golden.Where(g => g.Manifest is "round-committed:1" or "cell-snapshot:1" or "submit-jobs:1"
            or "job-reply:1" or "offer-job:1").ToArray();
        await new FuzzRun<IMessage>("fields", Cases.Fields, random =>
        {
            var (manifest, samples) = kinds[random.Next(kinds.Length)];
            var message = WireTypes.ParserOf(manifest)!.ParseFrom(samples[random.Next(samples.Length)]);
            if (message is RoundCommitted round) Follow(round);
            for (var edits = random.Next(0, 4); edits > 0; edits--) FieldMutator.Change(random, message);
            return message;
        }, message => ValueTask.FromResult(Reads(() => Map(message))))
        {
            SizeOf = message => message.CalculateSize(),
            Show = message => $"{message.Descriptor.Name} {message}",
            AllocatedBytesBase = 8 * 1024 * 1024,
        }.RunAsync();
    }

    private static (string, byte[]) Frame(Random random)
    {
        var (manifest, samples) = Golden[random.Next(Golden.Count)];
        var other = Golden[random.Next(Golden.Count)].Samples;
        var bytes = ByteMutator.Next(random, samples[random.Next(samples.Length)], other[random.Next(other.Length)]);
        if (random.Next(100) == 0)
            manifest = manifest.Replace(":1", random.Next(2) == 0 ? ":2" : "", StringComparison.Ordinal);
        return (manifest, bytes);
    }

    /// <summary>A round that a new cell would take, as far as its head goes.</summary>
    private static void Follow(RoundCommitted round) => (round.Cell, round.Number) = ("north", 1);

    /// <summary>What the receivers do with a message before they act on it.</summary>
    private static void Map(object message)
    {
        switch (message)
        {
            case RoundCommitted round:
                new CellState(round.Cell, Seeds.Catalog, Seeds.Policy).Replay(round.FromWire());
                break;
            case CellSnapshot snapshot:
                CellState.Restore(snapshot.FromWire(), Seeds.Catalog, Seeds.Policy);
                break;
            case SubmitJobs submit:
                foreach (var job in submit.Jobs) job.Spec.FromWire();
                break;
            case JobReply { Job: { } job }:
                job.Spec.FromWire();
                break;
        }
    }

    private static bool Reads(Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (Exception refused) when (refused is SerializationException or InvariantBrokenException)
        {
            // It goes to a log, and names from the bytes may stand in it as they are.
            if (refused.Message.Length is 0 or > 12_000)
                throw new InvalidOperationException($"the error has {refused.Message.Length} characters");
            return false;
        }
    }
}
