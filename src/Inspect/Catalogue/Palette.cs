using System.Text.Json.Serialization;
using Stockpile.Hosting.Access;

namespace Stockpile.Inspect.Catalogue;

/// <summary>A group of commands, such as <c>cluster</c>. The word is pbm's.</summary>
/// <param name="Name">As it is typed.</param>
/// <param name="Description">One line for the help.</param>
public sealed record Palette(string Name, string Description, IReadOnlyList<InspectCommand> Commands);

/// <summary>One command of a palette.</summary>
/// <param name="Name">As it is typed.</param>
/// <param name="Description">One line for the help.</param>
/// <param name="Run">Answers a call line by line.</param>
public sealed record InspectCommand(
    string Name, string Description, IReadOnlyList<CommandArgument> Arguments, CommandHandler Run)
{
    /// <summary>Who may call it; a command that says nothing is for operators, so a forgotten mark opens nothing.
    /// </summary>
    public AccessRole Role { get; init; } = AccessRole.Operator;

    /// <summary>Whether only a scheduler member can answer; another member forwards the call to one.</summary>
    public bool NeedsScheduler { get; init; }

    /// <summary>Whether it runs until it is cancelled, as <c>log tail</c> does.</summary>
    public bool Streams { get; init; }

    /// <summary>A command that changes nothing.</summary>
    public static InspectCommand Look(
        string name, string description, IReadOnlyList<CommandArgument> arguments, CommandHandler run) =>
        new(name, description, arguments, run) { Role = AccessRole.Viewer };
}

/// <summary>
/// An argument. It is given by its switch (<c>-d 3</c>, or the upper-case twin <c>-D 3</c>), by its name
/// (<c>--depth 3</c>), or, where it is mandatory, by its place among the mandatory ones (<c>job why north-1</c>).
/// </summary>
/// <param name="Name">Lower case, words joined by hyphens.</param>
/// <param name="Description">What it says, with its unit and its default.</param>
/// <param name="Switch">A hyphen and one letter, unique in its command.</param>
public sealed record CommandArgument(string Name, string Description, string Switch)
{
    public bool Mandatory { get; init; }

    /// <summary>Whether it may be given more than once.</summary>
    public bool Multiple { get; init; }

    /// <summary>Whether it stands alone, without a value.</summary>
    public bool Flag { get; init; }

    /// <summary>Who may give it, where that is more than the command itself needs.</summary>
    [JsonIgnore]
    public AccessRole Role { get; init; }
}

/// <summary>Answers a call: any number of lines, then the task ends. It may run until it is cancelled.</summary>
/// <exception cref="CommandRefusedException">The command cannot be carried out; the message is one line.</exception>
public delegate Task CommandHandler(CommandCall call, IAnswer answer, CancellationToken cancel);

/// <summary>Where a handler's lines go.</summary>
public interface IAnswer
{
    /// <summary>One line of text, and the same as data for <c>--json</c>.</summary>
    /// <param name="data">What is serialised as JSON; null: the line is for human eyes only.</param>
    ValueTask LineAsync(string text, object? data = null);
}

/// <summary>A command that cannot be carried out; the message is one line for users.</summary>
public sealed class CommandRefusedException(string message) : Exception(message);
