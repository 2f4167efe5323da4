using System.CommandLine;
using Stockpile.Cli;
using Stockpile.Cli.App;
using Stockpile.Fuzz.Tests.Files;
using Stockpile.Fuzz.Tests.Harness;

namespace Stockpile.Fuzz.Tests.Cli;

/// <summary>Words behind <c>stockpile</c>: they are a call, or each fault is told in a line.</summary>
public sealed class CommandLineFuzzTests
{
    private static readonly string[] Calls =
    [
        "submit --kind training --devices 64 --work 1000 --key k --wait placed --timeout 5m",
        "submit jobs.conf more.json --json --server http://127.0.0.1:1",
        "jobs --state pending --kind batch --limit 5", "job north-1", "why north-1 --json", "drain n1 --deadline 1h",
        "replay --format openb --nodes a.csv --jobs b.csv --policy fgd --seeds 42..51 --arrivals saturate --tune 1.3",
        "fleet --at 2026-01-01T00:00:00Z", "run scheduler --set a=b --config c.conf", "up --data d --speed 60",
        "demo --for 30s --seed 7", "history north-1", "inspect cluster show", "journal check --data d", "--help",
    ];

    [Fact]
    public async Task Words_are_parsed_or_refused()
    {
        var context = new CliContext
        {
            Out = TextWriter.Null,
            Error = TextWriter.Null,
            IsTerminal = false,
            Variables = new Dictionary<string, string>(),
            Jobs = new NoFiles(),
        };
        var root = Verbs.Create(context, []);
        var mutator = new TextMutator(Calls, Seeds.WordsOf(Calls));
        await new FuzzRun<string>("command-lines", Cases.CommandLines, mutator.Next, text =>
        {
            // The program hands over whole words; a word starting with @ names a file of more words.
            var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(w => w[0] != '@').ToArray();
            var parsed = root.Parse(words);
            foreach (var error in parsed.Errors)
                if (string.IsNullOrWhiteSpace(error.Message))
                    throw new InvalidOperationException("the error says nothing");
            return ValueTask.FromResult(parsed.Errors.Count == 0);
        })
        {
            SizeOf = text => text.Length,
            Show = text => text,
            AllocatedBytesBase = 16 * 1024 * 1024,
        }.RunAsync();
    }

    private sealed class NoFiles : IJobReader
    {
        public IReadOnlyList<Core.Jobs.JobSpec> Read(string source) => [];
    }
}
