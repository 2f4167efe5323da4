using Stockpile.Core;

namespace Stockpile.Inspect.Catalogue;

/// <summary>Reads the words behind a command into values by argument name.</summary>
internal sealed class SwitchReader
{
    private readonly Palette _palette;
    private readonly InspectCommand _command;
    private readonly CommandArgument[] _arguments;
    private readonly Dictionary<string, IReadOnlyList<string>> _values = new(StringComparer.Ordinal);
    private readonly List<string> _places = [];

    private SwitchReader(Palette palette, InspectCommand command)
    {
        _palette = palette;
        _command = command;
        _arguments = [.. command.Arguments, CommandCatalogue.MemberArgument];
    }

    private string Path => $"{_palette.Name} {_command.Name}";

    /// <exception cref="CommandUsageException">A word is unknown, given twice, or misses its value.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Read(
        Palette palette, InspectCommand command, IReadOnlyList<string> words)
    {
        var reader = new SwitchReader(palette, command);
        reader.ReadWords(words);
        reader.FillPlaces();
        reader.CheckMandatory();
        return reader._values;
    }

    private void ReadWords(IReadOnlyList<string> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            if (word == "--")
            {
                _places.AddRange(words.Skip(i + 1));
                return;
            }

            // A lone hyphen and a negative number are values.
            if (word.Length < 2 || word[0] != '-' || char.IsAsciiDigit(word[1]))
            {
                _places.Add(word);
                continue;
            }

            var isLong = word.StartsWith("--", StringComparison.Ordinal);
            var equals = isLong ? word.IndexOf('=', StringComparison.Ordinal) : -1;
            var typed = equals < 0 ? word : word[..equals];
            var argument = Find(typed) ?? throw Unknown(typed);
            if (argument.Flag)
            {
                if (equals >= 0) throw new CommandUsageException($"{typed} of {Path} takes no value");
                Add(argument, typed, "true");
            }
            else if (equals >= 0)
            {
                Add(argument, typed, word[(equals + 1)..]);
            }
            else
            {
                if (i + 1 >= words.Count || Find(words[i + 1]) is not null)
                    throw new CommandUsageException($"{typed} of {Path} wants a value: {argument.Description}");
                Add(argument, typed, words[++i]);
            }
        }
    }

    /// <summary>By name, or by switch in either case.</summary>
    private CommandArgument? Find(string typed) =>
        typed.StartsWith("--", StringComparison.Ordinal)
            ? _arguments.FirstOrDefault(a => a.Name == typed[2..])
            : _arguments.FirstOrDefault(a =>
                a.Switch.Length > 0 && a.Switch.Equals(typed, StringComparison.OrdinalIgnoreCase));

    private CommandUsageException Unknown(string typed)
    {
        var known = _arguments.SelectMany(a => new[] { a.Switch, "--" + a.Name }).Where(name => name.Length > 0);
        // Every short switch is near every other one; only a long one is worth a guess.
        return typed.StartsWith("--", StringComparison.Ordinal)
            ? new CommandUsageException(
                $"{Path} has no switch '{Names.Shorten(typed)}'{CommandCatalogue.Hint(typed, known)}")
            : new CommandUsageException(
                $"{Path} has no switch '{Names.Shorten(typed)}'; there are {CommandCatalogue.Listed(known)}");
    }

    private void Add(CommandArgument argument, string typed, string value)
    {
        if (!_values.TryGetValue(argument.Name, out var all))
        {
            _values.Add(argument.Name, [value]);
            return;
        }

        if (!argument.Multiple) throw new CommandUsageException($"{typed} of {Path} is given twice");
        _values[argument.Name] = [.. all, value];
    }

    /// <summary>Words without a switch are the mandatory arguments in order; the last one may take the rest.</summary>
    private void FillPlaces()
    {
        var open = _command.Arguments.Where(a => a.Mandatory && !_values.ContainsKey(a.Name)).ToArray();
        for (var i = 0; i < _places.Count; i++)
        {
            if (i < open.Length) Add(open[i], open[i].Name, _places[i]);
            else if (open.Length > 0 && open[^1].Multiple) Add(open[^1], open[^1].Name, _places[i]);
            else throw new CommandUsageException(
                $"{Path} does not know what to do with '{Names.Shorten(_places[i])}'; usage: "
                + CatalogueHelp.Usage(_palette, _command));
        }
    }

    private void CheckMandatory()
    {
        foreach (var argument in _command.Arguments)
            if (argument.Mandatory && !_values.ContainsKey(argument.Name))
                throw new CommandUsageException(
                    $"{Path} wants {argument.Name}; usage: {CatalogueHelp.Usage(_palette, _command)}");
    }
}
