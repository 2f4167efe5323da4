using System.Text;
using Stockpile.Core;
using Stockpile.Core.Fleets;
using Stockpile.Fuzz.Tests.Files;
using Stockpile.Fuzz.Tests.Harness;
using Stockpile.Fuzz.Tests.Http;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Palettes;
using Stockpile.Inspect.Server;
using Stockpile.Protocol.Mapping;
using Stockpile.Scheduler.Api;

namespace Stockpile.Fuzz.Tests.Inspect;

/// <summary>What reaches the inspector over TCP: frames of JSON lines, and the words of commands in them.</summary>
public sealed class InspectFuzzTests
{
    private static readonly string[] Frames =
    [
        "{\"v\":1,\"args\":[\"cluster\",\"show\"],\"json\":false}\n",
        "{\"v\":1,\"args\":[\"job\",\"list\",\"--state\",\"pending\"],\"json\":true}\r\n{\"v\":1,\"cancel\":true}\n",
        "{\"v\":1,\"args\":[]}\n\n",
    ];

    private static readonly string[] Calls =
    [
        "job list -s pending -k batch", "job why north-1", "job submit -k batch -d 1 -u 2h -a 3 -n x",
        "job submit --text {name=a,kind=batch,tasks=1,devices=1,duration=1h} --key k", "node drain n1",
        "node list", "fleet show", "cell list", "cell show north", "help job", "job --help", "node fault n1 slow 2",
        "job cancel north-1", "job history north-1", "job show north-1 --member all",
    ];

    [Fact]
    public async Task Lines_are_requests_or_are_refused()
    {
        var mutator = new TextMutator(Frames, Seeds.WordsOf(Frames));
        await new FuzzRun<byte[]>("inspect-lines", Cases.InspectLines,
            random =>
            {
                var bytes = Encoding.UTF8.GetBytes(mutator.Next(random));
                if (bytes.Length > 0 && random.Next(10) == 0) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                return bytes;
            }, ReadsAsync)
        {
            SizeOf = bytes => bytes.Length,
            Show = Encoding.UTF8.GetString,
        }.RunAsync();
    }

    [Fact]
    public async Task Words_are_commands_or_are_refused()
    {
        var gateway = new CoreGateway();
        var access = new ClusterAccess(gateway, new ApiOptions
        {
            Catalog = Seeds.Catalog,
            Validate = spec => JobValidator.Validate(spec, Seeds.Catalog, Seeds.Policy),
            ToWire = JobSpecMapping.ToWire,
            FromWire = JobSpecMapping.FromWire,
        }, Seeds.Policy, (_, _, _, _) => Task.FromResult<IReadOnlyList<Core.State.Round>>([]));
        var catalogue = new CommandCatalogue(OwnPalettes.Create(() => access));
        var mutator = new TextMutator(Calls, Seeds.WordsOf(Calls));
        await new FuzzRun<string>("inspect-words", Cases.InspectWords, mutator.Next, async text =>
        {
            gateway.KeepSmall();
            var before = gateway.Digest();
            var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var result = await catalogue.RunAsync(words, new Nothing());
            if (result.Exit == 0) return true;
            Clear.Line(result.Error!);
            if (gateway.Digest() != before)
                throw new InvalidOperationException($"a refused command changed the cell: {result.Error}");
            return false;
        })
        {
            SizeOf = text => text.Length,
            Show = text => text,
            AllocatedBytesBase = 16 * 1024 * 1024,
        }.RunAsync();
    }

    /// <summary>True when every line of the stream was a request.</summary>
    private static async ValueTask<bool> ReadsAsync(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        await using var reader = new LineReader(stream, Limits.InspectRequestBytesMax);
        try
        {
            while (await reader.ReadAsync(CancellationToken.None) is { } line) InspectWire.ReadRequest(line);
            return true;
        }
        catch (Exception refused) when (refused is FormatException or LineTooLongException)
        {
            Clear.Line(refused.Message);
            return false;
        }
    }

    private sealed class Nothing : IAnswer
    {
        public ValueTask LineAsync(string text, object? data = null) => ValueTask.CompletedTask;
    }
}
