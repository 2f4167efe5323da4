using System.Globalization;
using Stockpile.Hosting.Access;

namespace Stockpile.Inspect.Catalogue;

/// <summary>A command as it was called, its arguments checked against the catalogue.</summary>
/// <param name="values">By the argument's name, in the order given; a flag has the value <c>true</c>.</param>
public sealed class CommandCall(Palette palette, InspectCommand command, ILookup<string, string> values)
{
    public Palette Palette { get; } = palette;

    public InspectCommand Command { get; } = command;

    /// <summary>Who may make this call.</summary>
    public AccessRole Role => Command.Arguments.Where(a => Has(a.Name)).Select(a => a.Role).Append(Command.Role).Max();

    /// <summary>The last value given; null: none was.</summary>
    public string? Find(string argument) => values[argument].LastOrDefault();

    /// <summary>The value of a mandatory argument.</summary>
    public string Get(string argument) => Find(argument)
        ?? throw new CommandRefusedException($"{argument} is missing");

    public IEnumerable<string> All(string argument) => values[argument];

    public bool Has(string argument) => values.Contains(argument);

    public int GetInt(string argument, int min, int max, int absent)
    {
        if (Find(argument) is not { } text) return absent;
        return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value)
            && value >= min && value <= max
            ? value
            : throw new CommandRefusedException(
                $"{argument} is '{Core.Names.Shorten(text)}'; allowed: a whole number of {min} to {max}");
    }
}
