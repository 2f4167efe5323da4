// See Definitions.cs: written from public documentation and usage, with what is a guess.
namespace Petabridge.Cmd;

/// <summary>A call. The constructor is a guess.</summary>
public sealed class Command(string name, IEnumerable<Tuple<string, string>> arguments)
{
    public string Name { get; } = name;

    public IReadOnlyList<Tuple<string, string>> Arguments { get; } = [.. arguments];
}

public class CommandResponse(string text, bool final = true)
{
    /// <summary>Guess.</summary>
    public string Text { get; } = text;

    public bool Final { get; } = final;
}

public sealed class ErroredCommandResponse(string text, bool final = true) : CommandResponse(text, final);
