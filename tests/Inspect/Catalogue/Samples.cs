using Stockpile.Hosting.Access;
using Stockpile.Inspect.Catalogue;

namespace Stockpile.Inspect.Tests.Catalogue;

/// <summary>A small catalogue whose commands tell what they were given.</summary>
internal static class Samples
{
    public static readonly MemberName Self = new("akka.tcp://s@self:1", ["scheduler"]);

    public static CommandCatalogue Catalogue { get; } = Create();

    public static CommandCatalogue Create(params Palette[] more) => new([
        new Palette("job", "Jobs", [
            Echo("why", new("job", "Id of the job", "-j") { Mandatory = true },
                new("depth", "How deep", "-d"), new("verbose", "More", "-v") { Flag = true })
                with { Role = AccessRole.Viewer },
            Echo("move", new("job", "Id of the job", "-j") { Mandatory = true },
                new("to", "Where to", "-t") { Mandatory = true, Multiple = true }),
            Echo("list", new("state", "Only these", "-s") { Multiple = true },
                new("number", "How many", "-n"), new("name", "Of this name", "-m"))
                with { Role = AccessRole.Viewer },
            Echo("submit") with { Role = AccessRole.Submitter },
            new("refuse", "Refuses", [], (_, _, _) => throw new CommandRefusedException("not today")),
            new("break", "Breaks", [], (_, _, _) => throw new InvalidOperationException("broken\nin two")),
        ]),
        new Palette("cell", "Cells", [Echo("list") with { Role = AccessRole.Viewer }]),
        .. more,
    ]);

    private static InspectCommand Echo(string name, params CommandArgument[] arguments) => new(
        name, $"Does {name}", arguments, async (call, answer, _) =>
        {
            foreach (var argument in arguments)
                if (call.Has(argument.Name))
                    await answer.LineAsync(
                        $"{argument.Name}={string.Join('+', call.All(argument.Name))}",
                        new { argument.Name, Values = call.All(argument.Name) });
        });
}

internal sealed class Kept : IAnswer
{
    public List<string> Lines { get; } = [];

    public List<object?> Data { get; } = [];

    public ValueTask LineAsync(string text, object? data = null)
    {
        lock (Lines)
        {
            Lines.Add(text);
            Data.Add(data);
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>Members of which each call is answered by the test.</summary>
internal sealed class FakeMembers(params MemberName[] others) : IMembers
{
    public MemberName Self { get; set; } = Samples.Self;

    public HashSet<string> Down { get; } = [];

    public List<string> Calls { get; } = [];

    public Func<MemberName, IAnswer, CancellationToken, Task<CommandResult>> Answer { get; set; } =
        (member, _, _) => Task.FromResult(CommandResult.Done with { Member = member });

    public IReadOnlyList<MemberName> All() => [.. others.Append(Self).OrderBy(m => m.Address, StringComparer.Ordinal)];

    public bool IsUp(MemberName member) => !Down.Contains(member.Address);

    public Task<CommandResult> RunAsync(
        MemberName member, IReadOnlyList<string> words, IAnswer answer, CancellationToken cancel)
    {
        lock (Calls) Calls.Add($"{member.Address}: {string.Join(' ', words)}");
        return Answer(member, answer, cancel);
    }
}
