using Stockpile.Core;
using Stockpile.Formats.Hocon;

namespace Stockpile.Inspect.Catalogue;

/// <summary>A call that breaks the grammar; the message is one line that says what is allowed.</summary>
public sealed class CommandUsageException(string message) : Exception(message);

/// <summary>
/// All palettes of a member, and the grammar of calls: <c>palette command [switches]</c>. It can be used as a library:
/// <see cref="RunAsync"/> needs no server.
/// </summary>
public sealed class CommandCatalogue
{
    /// <summary>Every command takes it; whoever runs the call sends it to that member.</summary>
    public static readonly CommandArgument MemberArgument = new(
        "member", "Run it on this member instead: its address, host:port, or 'all'", "");

    private const string HelpWord = "help";

    /// <exception cref="ArgumentException">Two palettes, commands or switches have the same name.</exception>
    public CommandCatalogue(IReadOnlyList<Palette> palettes)
    {
        Unique("palettes", palettes.Select(p => p.Name).Append(HelpWord));
        foreach (var palette in palettes)
        {
            Unique($"commands of {palette.Name}", palette.Commands.Select(c => c.Name).Append(HelpWord));
            foreach (var command in palette.Commands)
            {
                var path = $"{palette.Name} {command.Name}";
                Unique($"arguments of {path}", command.Arguments.Append(MemberArgument).Select(a => a.Name));
                Unique($"switches of {path}", command.Arguments.Select(a => a.Switch));
            }
        }

        Palettes = palettes;
    }

    public IReadOnlyList<Palette> Palettes { get; }

    /// <summary>What was called; null: the words ask for help, see <see cref="CatalogueHelp"/>.</summary>
    /// <exception cref="CommandUsageException">The words are no call.</exception>
    public CommandCall? Parse(IReadOnlyList<string> words)
    {
        if (words.Count > InspectLimits.WordsMax)
            throw new CommandUsageException(
                $"the command has {words.Count} words; allowed: at most {InspectLimits.WordsMax}");
        if (words.Count == 0 || IsHelp(words[0])) return null;
        var palette = FindPalette(words[0]);
        if (words.Count == 1)
            throw new CommandUsageException(
                $"{palette.Name} wants a command; there are {Listed(palette.Commands.Select(c => c.Name))}");
        if (IsHelp(words[1])) return null;
        var command = FindCommand(palette, words[1]);
        if (words.Skip(2).Contains("--help")) return null;
        return new CommandCall(palette, command, new SwitchReader(palette, command).Read(words.Skip(2)));
    }

    /// <exception cref="CommandUsageException">There is none; the message names the nearest.</exception>
    public Palette FindPalette(string word)
    {
        var names = Palettes.Select(p => p.Name).Append(HelpWord);
        return Palettes.FirstOrDefault(p => p.Name == word) ?? throw new CommandUsageException(
            $"there is no palette '{Names.Shorten(word)}'{Hint(word, names)}");
    }

    /// <exception cref="CommandUsageException">There is none; the message names the nearest.</exception>
    public static InspectCommand FindCommand(Palette palette, string word)
    {
        var names = palette.Commands.Select(c => c.Name);
        return palette.Commands.FirstOrDefault(c => c.Name == word) ?? throw new CommandUsageException(
            $"{palette.Name} has no command '{Names.Shorten(word)}'{Hint(word, names)}");
    }

    /// <summary>Parses and runs a call in this process; <c>--member</c> is for a <see cref="CommandRunner"/>.</summary>
    public async Task<CommandResult> RunAsync(
        IReadOnlyList<string> words, IAnswer answer, CancellationToken cancel = default)
    {
        try
        {
            if (Parse(words) is not { } call)
            {
                foreach (var (text, data) in CatalogueHelp.For(this, words)) await answer.LineAsync(text, data);
                return CommandResult.Done;
            }

            return await RunAsync(call, answer, cancel);
        }
        catch (CommandUsageException wrong)
        {
            return new CommandResult(CommandResult.UsageExit, wrong.Message);
        }
    }

    /// <summary>Runs a call in this process. A command that is cancelled is done: its end was wanted.</summary>
    public static async Task<CommandResult> RunAsync(CommandCall call, IAnswer answer, CancellationToken cancel)
    {
        try
        {
            await call.Command.Run(call, answer, cancel);
            return CommandResult.Done;
        }
        catch (CommandUsageException wrong)
        {
            return new CommandResult(CommandResult.UsageExit, wrong.Message);
        }
        catch (CommandRefusedException refused)
        {
            return new CommandResult(CommandResult.RefusedExit, refused.Message);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return CommandResult.Done;
        }
        catch (Exception fault)
        {
            // A fault in one command must not end the server that runs it, and whoever asked has to know.
            return new CommandResult(CommandResult.RefusedExit,
                $"{call.Palette.Name} {call.Command.Name} failed: {fault.GetType().Name}: {OneLine(fault.Message)}");
        }
    }

    internal static string Hint(string word, IEnumerable<string> known)
    {
        var all = known.ToArray();
        return Suggestion.Nearest(word, all) is { } nearest
            ? $"; did you mean '{nearest}'?"
            : $"; there are {Listed(all)}";
    }

    internal static string Listed(IEnumerable<string> names)
    {
        var all = names.ToArray();
        return all.Length == 0 ? "none" : string.Join(", ", all);
    }

    internal static bool IsHelp(string word) => word is HelpWord or "--help";

    private static string OneLine(string text) => Names.Shorten(text.ReplaceLineEndings(" "), 500);

    private static void Unique(string what, IEnumerable<string> names)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in names)
            if (name.Length > 0 && !seen.Add(name))
                throw new ArgumentException($"two {what} are called '{name}'");
    }
}

/// <summary>How a call ended. The exit codes are those of the <c>stockpile</c> command.</summary>
/// <param name="Error">One line; null where it is done.</param>
/// <param name="Member">Who answered; null: the member that was asked.</param>
public sealed record CommandResult(int Exit, string? Error, MemberName? Member = null)
{
    public const int RefusedExit = 1;
    public const int UsageExit = 2;
    public const int UnreachableExit = 3;

    public static readonly CommandResult Done = new(0, null);
}

/// <summary>A member of the cluster, as answers name it.</summary>
/// <param name="Address">Such as <c>akka.tcp://stockpile@host:4053</c>.</param>
/// <param name="Roles">In alphabetical order.</param>
public sealed record MemberName(string Address, IReadOnlyList<string> Roles)
{
    public override string ToString() => $"{Address} [{string.Join(",", Roles)}]";
}
