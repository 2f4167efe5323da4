using Stockpile.Core;

namespace Stockpile.Inspect.Catalogue;

/// <summary>Reads the words behind a command into values by argument name.</summary>
internal sealed class SwitchReader(Palette palette, InspectCommand command)
{
    private readonly CommandArgument[] _known = [.. command.Arguments, CommandCatalogue.MemberArgument];
    private readonly List<(CommandArgument Argument, string Value)> _given = [];

    private string Path => $"{palette.Name} {command.Name}";

    /// <exception cref="CommandUsageException">A word is unknown, given twice, or misses its value.</exception>
    public ILookup<string, string> Read(IEnumerable<string> words)
    {
        var rest = new Queue<string>(words);
        var places = new List<string>();
        while (rest.TryDequeue(out var word))
        {
            // A lone hyphen and a negative number are values.
            if (word.Length < 2 || word[0] != '-' || char.IsAsciiDigit(word[1])) places.Add(word);
            else if (word != "--") ReadSwitch(word, rest);
            else while (rest.TryDequeue(out var place)) places.Add(place);
        }

        FillPlaces(places);
        return _given.ToLookup(g => g.Argument.Name, g => g.Value, StringComparer.Ordinal);
    }

    private void ReadSwitch(string word, Queue<string> rest)
    {
        var equals = word.StartsWith("--", StringComparison.Ordinal) ? word.IndexOf('=', StringComparison.Ordinal) : -1;
        var typed = equals < 0 ? word : word[..equals];
        var argument = Find(typed) ?? throw Unknown(typed);
        if (argument.Flag && equals >= 0) throw new CommandUsageException($"{typed} of {Path} takes no value");
        var value = argument.Flag ? "true"
            : equals >= 0 ? word[(equals + 1)..]
            : rest.TryPeek(out var next) && Find(next) is null ? rest.Dequeue()
            : throw new CommandUsageException($"{typed} of {Path} wants a value: {argument.Description}");
        if (!argument.Multiple && IsGiven(argument))
            throw new CommandUsageException($"{typed} of {Path} is given twice");
        _given.Add((argument, value));
    }

    /// <summary>Words without a switch are the mandatory arguments in order; the last one may take the rest.</summary>
    private void FillPlaces(List<string> places)
    {
        var open = new Queue<CommandArgument>(command.Arguments.Where(a => a.Mandatory && !IsGiven(a)));
        CommandArgument? argument = null;
        foreach (var place in places)
        {
            if (open.TryDequeue(out var next)) argument = next;
            else if (argument is not { Multiple: true })
                throw Misused($"does not know what to do with '{Names.Shorten(place)}'");
            _given.Add((argument, place));
        }

        if (open.TryPeek(out var missing)) throw Misused($"wants {missing.Name}");
    }

    private bool IsGiven(CommandArgument argument) => _given.Any(g => g.Argument == argument);

    /// <summary>By name, or by switch in either case.</summary>
    private CommandArgument? Find(string typed) =>
        typed.StartsWith("--", StringComparison.Ordinal)
            ? _known.FirstOrDefault(a => a.Name == typed[2..])
            : _known.FirstOrDefault(a =>
                a.Switch.Length > 0 && a.Switch.Equals(typed, StringComparison.OrdinalIgnoreCase));

    private CommandUsageException Unknown(string typed)
    {
        var known = _known.SelectMany(a => new[] { a.Switch, "--" + a.Name }).Where(name => name.Length > 0);
        // Every short switch is near every other one; only a long one is worth a guess.
        var hint = typed.StartsWith("--", StringComparison.Ordinal)
            ? CommandCatalogue.Hint(typed, known)
            : $"; there are {CommandCatalogue.Listed(known)}";
        return new CommandUsageException($"{Path} has no switch '{Names.Shorten(typed)}'{hint}");
    }

    private CommandUsageException Misused(string how) =>
        new($"{Path} {how}; usage: {CatalogueHelp.Usage(palette, command)}");
}
