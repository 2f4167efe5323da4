using Stockpile.Core;

namespace Stockpile.Inspect.Catalogue;

/// <summary>One call on all members at once; every line says who gave it.</summary>
internal static class OnAll
{
    public delegate Task<CommandResult> RunOn(
        MemberName member, IReadOnlyList<string> words, IAnswer answer, CancellationToken cancel);

    public static async Task<CommandResult> RunAsync(
        IMembers members, IReadOnlyList<MemberName> targets, RunOn run, CommandCall call,
        IReadOnlyList<string> words, IAnswer answer, CancellationToken cancel)
    {
        if (targets.Count == 0)
            return new CommandResult(CommandResult.UnreachableExit, "no member that could answer is up");
        var results = call.Command.Streams
            ? await StreamAsync(targets, run, words, answer, cancel)
            : await GatherAsync(targets, run, words, answer, cancel);
        var failed = targets.Zip(results, (First, Second) => (First, Second)).Where(r => r.Second.Exit != 0).ToArray();
        if (failed.Length == 0) return CommandResult.Done with { Member = members.Self };
        var reasons = failed.Select(f => $"{f.First.Address}: {f.Second.Error}");
        return new CommandResult(failed.Max(f => f.Second.Exit),
            $"{failed.Length} of {targets.Count} members failed: {string.Join("; ", reasons)}", members.Self);
    }

    /// <summary>Answers in the members' order, each under its head.</summary>
    private static async Task<CommandResult[]> GatherAsync(
        IReadOnlyList<MemberName> targets, RunOn run, IReadOnlyList<string> words, IAnswer answer,
        CancellationToken cancel)
    {
        var running = targets.Select(member =>
        {
            var lines = new KeptAnswer();
            return (Member: member, Lines: lines, Result: run(member, words, lines, cancel));
        }).ToArray();
        var results = new List<CommandResult>();
        foreach (var (member, lines, result) in running)
        {
            results.Add(await result);
            await answer.LineAsync($"# {member}");
            foreach (var (text, data) in lines.Lines) await answer.LineAsync(text, Named(member, data));
            if (lines.Dropped > 0) await answer.LineAsync($"… {lines.Dropped} more lines");
            if (results[^1].Error is { } error) await answer.LineAsync($"error: {error}");
        }

        return [.. results];
    }

    /// <summary>Lines as they come.</summary>
    private static async Task<CommandResult[]> StreamAsync(
        IReadOnlyList<MemberName> targets, RunOn run, IReadOnlyList<string> words, IAnswer answer,
        CancellationToken cancel)
    {
        using var turn = new SemaphoreSlim(1);
        return await Task.WhenAll(targets.Select(m => run(m, words, new PrefixedAnswer(m, answer, turn), cancel)));
    }

    private static AllRow? Named(MemberName member, object? data) =>
        data is null ? null : new AllRow(member.Address, data);

    /// <summary>A row of <c>--member all</c>.</summary>
    private sealed record AllRow(string Member, object Row);

    private sealed class KeptAnswer : IAnswer
    {
        public List<(string Text, object? Data)> Lines { get; } = [];

        public int Dropped { get; private set; }

        public ValueTask LineAsync(string text, object? data = null)
        {
            if (Lines.Count < InspectLimits.LinesPerMemberMax) Lines.Add((text, data));
            else Dropped++;
            return ValueTask.CompletedTask;
        }
    }

    private sealed class PrefixedAnswer(MemberName member, IAnswer inner, SemaphoreSlim turn) : IAnswer
    {
        private readonly string _prefix = member.Address[(member.Address.IndexOf('@', StringComparison.Ordinal) + 1)..];

        public async ValueTask LineAsync(string text, object? data = null)
        {
            await turn.WaitAsync();
            try
            {
                await inner.LineAsync($"{_prefix} | {text}", Named(member, data));
            }
            finally
            {
                turn.Release();
            }
        }
    }
}
