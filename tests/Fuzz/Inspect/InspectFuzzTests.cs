using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
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

/// <summary>What reaches the inspector: bodies of calls over HTTP, and the words of commands in them.</summary>
public sealed class InspectFuzzTests
{
    private static readonly string[] Bodies =
    [
        """{"args":["cell","list"],"json":false}""",
        """{"args":["job","list","--state","pending"],"json":true}""",
        """{"args":["help"]}""",
    ];

    private static readonly string[] Calls =
    [
        "job list -s pending -k batch", "job why north-1", "job submit -k batch -d 1 -u 2h -a 3 -n x",
        "job submit --text {name=a,kind=batch,tasks=1,devices=1,duration=1h} --key k", "node drain n1",
        "node list", "fleet show", "cell list", "cell show north", "help job", "job --help", "node fault n1 slow 2",
        "job cancel north-1", "job history north-1", "job show north-1 --member all",
    ];

    [Fact]
    public async Task Bodies_are_calls_or_are_refused()
    {
        var runner = new CommandRunner(Catalogue(new CoreGateway()), new OneMember());
        await using var server = new InspectorServer(
            () => runner, new InspectorOptions(Port: 0), NullLoggerFactory.Instance);
        await server.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server.Address}/api/v1/inspect") };
        // A body that is refused unread would be cut off while it is still sent.
        http.DefaultRequestHeaders.ExpectContinue = true;
        var mutator = new TextMutator(Bodies, Seeds.WordsOf(Bodies));
        await new FuzzRun<byte[]>("inspect-bodies", Cases.InspectBodies,
            random =>
            {
                var bytes = Encoding.UTF8.GetBytes(mutator.Next(random));
                if (bytes.Length > 0 && random.Next(10) == 0) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                return bytes;
            }, body => IsCallAsync(http, body))
        {
            SizeOf = bytes => bytes.Length,
            Show = Encoding.UTF8.GetString,
            AllocatedBytesBase = 16 * 1024 * 1024,
        }.RunAsync();
        await server.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Words_are_commands_or_are_refused()
    {
        var gateway = new CoreGateway();
        var catalogue = Catalogue(gateway);
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

    private static CommandCatalogue Catalogue(CoreGateway gateway)
    {
        var access = new ClusterAccess(gateway, new ApiOptions
        {
            Catalog = Seeds.Catalog,
            Validate = spec => JobValidator.Validate(spec, Seeds.Catalog, Seeds.Policy),
            ToWire = JobSpecMapping.ToWire,
            FromWire = JobSpecMapping.FromWire,
        }, Seeds.Policy, (_, _, _, _) => Task.FromResult<IReadOnlyList<Core.State.Round>>([]));
        return new CommandCatalogue(OwnPalettes.Create(() => access));
    }

    /// <summary>True when it was answered to its end; a refusal must be a problem that a person understands.</summary>
    private static async ValueTask<bool> IsCallAsync(HttpClient http, byte[] body)
    {
        using var content = new ByteArrayContent(body)
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        };
        using var response = await http.PostAsync("", content);
        var text = await response.Content.ReadAsStringAsync();
        if (response.StatusCode == HttpStatusCode.OK)
            return JsonSerializer.Deserialize<JsonElement>(text.TrimEnd('\n').Split('\n')[^1])
                .TryGetProperty("exit", out _) ? true : throw new InvalidOperationException($"no end: {text}");
        if (response.StatusCode is not (HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge))
            throw new InvalidOperationException($"answered {response.StatusCode}: {text}");
        Clear.Line(JsonSerializer.Deserialize<JsonElement>(text).GetProperty("detail").GetString()!);
        return false;
    }

    private sealed class OneMember : IMembers
    {
        public MemberName Self { get; } = new("akka.tcp://s@self:1", ["scheduler"]);

        public IReadOnlyList<MemberName> All() => [Self];

        public bool IsUp(MemberName member) => true;

        public Task<CommandResult> RunAsync(
            MemberName member, IReadOnlyList<string> words, IAnswer answer, CancellationToken cancel) =>
            throw new NotSupportedException("there is no other member");
    }

    private sealed class Nothing : IAnswer
    {
        public ValueTask LineAsync(string text, object? data = null) => ValueTask.CompletedTask;
    }
}
