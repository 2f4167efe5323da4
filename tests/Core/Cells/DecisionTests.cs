using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Stockpile.Core.Tests.Cells;

/// <summary>
/// A change of the structure must not change a decision. Each history has a hash over its rounds, and over what each
/// round leaves as the reason why a job waits. <c>STOCKPILE_WRITE_GOLDEN=1</c> writes the hashes after a change that
/// is meant to decide otherwise.
/// </summary>
public sealed class DecisionTests
{
    [Fact]
    public void The_histories_decide_as_they_did()
    {
        var hashes = new string[HistoryRuns.Histories];
        Parallel.For(0, hashes.Length, i => hashes[i] = $"{i + 1} {HashOf(new CellHistory(i + 1))}");
        var path = Path.Combine(Folder(), "decisions.txt");
        if (Environment.GetEnvironmentVariable("STOCKPILE_WRITE_GOLDEN") == "1") File.WriteAllLines(path, hashes);
        Assert.Equal(File.ReadAllLines(path), hashes);
    }

    private static string HashOf(CellHistory history)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (history.Step())
        {
            foreach (var committed in history.Round?.Events ?? [])
            {
                Add(committed.GetType().Name);
                Add(JsonSerializer.Serialize(committed, committed.GetType()));
            }

            foreach (var job in history.State.Jobs.Values)
                if (job.Waits) Add($"{job.Number} {job.LastTry?.At:O} {job.LastTry?.AsGuest} {job.LastTry?.Words}");
        }

        return Convert.ToHexString(hash.GetHashAndReset().AsSpan(0, 8));

        void Add(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text));
    }

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
