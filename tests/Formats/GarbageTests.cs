using Stockpile.Formats.Fleets;
using Stockpile.Formats.Hocon;
using Stockpile.Formats.Jobs;
using Stockpile.Formats.Policies;
using Stockpile.Formats.Traces;

namespace Stockpile.Formats.Tests;

/// <summary>No input, however broken, makes a reader throw anything but an <see cref="InputException"/>.</summary>
public sealed class GarbageTests
{
    private const int Seed = 20_260_101;
    private const int RunsPerFile = 1_500;

    private static readonly string[] Scraps =
        ["{", "}", "[", "]", ",", "=", ":", "\"", "\"\"\"", "\\", "#", "//", "\n", "\r", "\t", " ", ".", "..", "+=",
            "${x}", "${?x}", "include \"x\"", "null", "true", "-1", "0", "1e400", "NaN", "9999999999999999999999",
            "-9223372036854775808", "30m", "20GiB", "\u0000", "\uFEFF", "\u2028", "\uD800", "é", "jobs", "devices",
            "`", "$", "&", "@", "*", "?", "!", "^", "\\u00", "/* x */", "\"a\" \"b\"", "{}", "[]", "[[[[[[[["];

    [Theory]
    [InlineData("jobs/examples.conf")]
    [InlineData("fleets/small.conf")]
    [InlineData("policy.conf")]
    [InlineData("accelerators.conf")]
    [InlineData("scenario")]
    public void A_mutated_file_is_read_or_refused_in_one_line(string name)
    {
        var original = name == "scenario"
            ? "scenario { name = s, jobs = [ { count = 3, every = 5m, start = 1h, jitter = 2m, job { name = a, " +
              "kind = batch, tasks = 2, share = 5, duration = 2h, labels { rack = r } } } ] }"
            : File.ReadAllText(Shipped.Hocon(name));
        var (read, refused) = Mutate(original, text => Reader(name)(text));

        // Both outcomes must occur, or the mutations test nothing.
        Assert.True(read > 10 && refused > 100, $"seed {Seed}: {read} read, {refused} refused");
    }

    [Theory]
    [InlineData("sn,cpu_milli,memory_mib,gpu,model\nn1,1000,1000,8,T4\nn2,1000,1000,8,T4\n", true)]
    [InlineData("name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time," +
        "scheduled_time\na,1000,1000,1,500,T4|P100,LS,Running,1,100,2\nb,1,1,0,0,,BE,Failed,1,2,\n", false)]
    public void A_mutated_trace_is_read_or_refused_in_one_line(string original, bool nodes)
    {
        var (read, refused) = Mutate(original, text =>
        {
            if (nodes) OpenbTrace.ParseNodes(text, catalog: Shipped.Catalog);
            else OpenbTrace.ParseJobs(text, Shipped.Catalog);
        });
        Assert.True(read > 10 && refused > 100, $"seed {Seed}: {read} read, {refused} refused");
    }

    private static Action<string> Reader(string name) => name switch
    {
        "jobs/examples.conf" => text => JobFile.ParseText(text, Shipped.Catalog, Shipped.Policy),
        "fleets/small.conf" => text => FleetFile.ParseText(text, Shipped.Catalog),
        "policy.conf" => text => PolicyFile.ParseText(text, Shipped.Catalog),
        "accelerators.conf" => text => CatalogFile.ParseText(text),
        _ => text => ScenarioFile.ParseText(text, Shipped.Catalog, Shipped.Policy, 1),
    };

    private static (int Read, int Refused) Mutate(string original, Action<string> read)
    {
        var random = new Random(Seed);
        var (good, bad) = (0, 0);
        for (var run = 0; run < RunsPerFile; run++)
        {
            var text = original;
            for (var edits = random.Next(1, 4); edits > 0; edits--) text = Edit(text, random);
            try
            {
                read(text);
                good++;
            }
            catch (InputException e)
            {
                Assert.True(e.Line >= 0 && !e.Message.Any(char.IsControl) && e.Message.Length < 2_000, e.Message);
                bad++;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {Seed}, run {run}: {e.GetType().Name} {e.Message}\n{e.StackTrace}\n{text}");
            }
        }
        return (good, bad);
    }

    private static string Edit(string text, Random random)
    {
        var at = random.Next(text.Length + 1);
        var end = Math.Min(text.Length, at + random.Next(0, 12));
        var scrap = Scraps[random.Next(Scraps.Length)];
        return random.Next(4) switch
        {
            0 => text[..at] + scrap + text[at..],
            1 => text[..at] + text[end..],
            2 => text[..at] + scrap + text[end..],
            _ => random.Next(8) == 0 ? text[..at] : text[..at] + text[random.Next(text.Length + 1)..],
        };
    }
}
