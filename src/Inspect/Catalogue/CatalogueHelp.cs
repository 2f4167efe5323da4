namespace Stockpile.Inspect.Catalogue;

/// <summary>Help texts: <c>help</c>, <c>help PALETTE</c>, <c>help PALETTE COMMAND</c>, <c>PALETTE help</c>.</summary>
public static class CatalogueHelp
{
    /// <summary>A line each with its data; the data of a command is all that completion needs.</summary>
    /// <exception cref="CommandUsageException">Help is asked for what does not exist.</exception>
    public static IEnumerable<(string Text, object? Data)> For(CommandCatalogue catalogue, IReadOnlyList<string> words)
    {
        var about = words.Where(w => !CommandCatalogue.IsHelp(w)).Take(2).ToArray();
        if (about.Length == 0) return All(catalogue);
        var palette = catalogue.FindPalette(about[0]);
        return about.Length == 1
            ? OfPalette(palette)
            : OfCommand(palette, CommandCatalogue.FindCommand(palette, about[1]));
    }

    /// <summary>Such as <c>job why JOB [-v]</c>.</summary>
    public static string Usage(Palette palette, InspectCommand command) => string.Join(' ',
        new[] { palette.Name, command.Name }
            .Concat(command.Arguments.Where(a => a.Mandatory).Select(a => Upper(a) + (a.Multiple ? " …" : "")))
            .Concat(command.Arguments.Where(a => !a.Mandatory).Select(Optional)));

    private static IEnumerable<(string, object?)> All(CommandCatalogue catalogue)
    {
        yield return ("Stockpile's built-in inspector, with pbm's grammar; it is not Petabridge.Cmd", null);
        yield return ("PALETTE COMMAND [switches]; 'help PALETTE' and 'help PALETTE COMMAND' tell more", null);
        foreach (var palette in catalogue.Palettes)
        {
            yield return ("", null);
            yield return ($"{palette.Name}: {palette.Description}", null);
            foreach (var line in Commands(palette)) yield return line;
        }

        yield return ("", null);
        yield return ($"Every command takes --{CommandCatalogue.MemberArgument.Name}: "
            + CommandCatalogue.MemberArgument.Description.ToLowerInvariant(), null);
    }

    private static IEnumerable<(string, object?)> OfPalette(Palette palette) =>
        Commands(palette).Prepend(($"{palette.Name}: {palette.Description}", null));

    private static IEnumerable<(string, object?)> Commands(Palette palette)
    {
        var width = palette.Commands.Max(c => c.Name.Length) + 2;
        return palette.Commands.Select(command =>
            ($"  {command.Name.PadRight(width)}{command.Description}", (object?)Data(palette, command)));
    }

    private static IEnumerable<(string, object?)> OfCommand(Palette palette, InspectCommand command)
    {
        yield return ($"{palette.Name} {command.Name}: {command.Description}", Data(palette, command));
        yield return ($"usage: {Usage(palette, command)}", null);
        foreach (var a in command.Arguments.Append(CommandCatalogue.MemberArgument))
        {
            var value = a.Flag ? "" : " " + Upper(a);
            var names = (a.Switch.Length > 0 ? $"{a.Switch}, " : "    ") + $"--{a.Name}{value}";
            var notes = (a.Mandatory ? " (mandatory)" : "") + (a.Multiple ? " (may be repeated)" : "");
            yield return ($"  {names.PadRight(26)}  {a.Description}{notes}", null);
        }

        if (command.Streams) yield return ("It goes on until Ctrl+C.", null);
        if (command.NeedsScheduler) yield return ("Another member than a scheduler forwards it to one.", null);
    }

    private static CommandHelp Data(Palette palette, InspectCommand command) => new(
        palette.Name, command.Name, command.Description, Usage(palette, command), command.Streams,
        [.. command.Arguments.Append(CommandCatalogue.MemberArgument)]);

    private static string Optional(CommandArgument argument) =>
        (argument.Flag ? $"[{argument.Switch}]" : $"[{argument.Switch} {Upper(argument)}]")
        + (argument.Multiple ? " …" : "");

    private static string Upper(CommandArgument argument) => argument.Name.ToUpperInvariant();
}

/// <summary>A command as help tells it with <c>--json</c>.</summary>
public sealed record CommandHelp(
    string Palette, string Command, string Description, string Usage, bool Streams,
    IReadOnlyList<CommandArgument> Arguments);
