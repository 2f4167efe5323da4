// A double of Petabridge.Cmd, for compiling and testing the adapter where the closed-source packages are not at hand.
// It is written from the public documentation and from public code that uses the packages; no part of them is in it,
// and it says nothing about how they work inside. What public code shows, with the newest version it was seen with:
//
//   1.5.0   AddPetabridgeCmd(cmd => …), RegisterCommandPalette, ClusterCommands.Instance,
//           ClusterShardingCommands.Instance, PetabridgeCmd.Get(system), Start()
//   1.4.5   new RemoteCommands()
//   1.4.3   CommandDefinitionBuilder and the calls on it, new CommandPalette(name, definitions), CommandResponse,
//           ErroredCommandResponse, Command.Name, Command.Arguments with Item1 and Item2, CommandPaletteHandler with
//           HandlerProps, CommandHandlerActor with Process(name, call => …)
//
// Not seen anywhere, so guesses of this double: whether the shapes of 1.4 are unchanged in 1.5.0; whether Arguments
// holds classes or value tuples; what Item2 is for a switch without a value; the base class of CommandHandlerActor;
// whether the actor that asks ends when a user presses Ctrl+C; when the callback of AddPetabridgeCmd runs; how the
// names of the members below are written that the adapter does not use. Those are marked "guess".
namespace Petabridge.Cmd;

public sealed class ArgumentDefinitionBuilder
{
    private readonly List<string> _switches = [];
    private string _name = "";
    private string _description = "";
    private bool _isMandatory;
    private bool _allowMultiple;

    public ArgumentDefinitionBuilder WithName(string name)
    {
        _name = name;
        return this;
    }

    public ArgumentDefinitionBuilder WithDescription(string description)
    {
        _description = description;
        return this;
    }

    public ArgumentDefinitionBuilder WithSwitch(string name)
    {
        _switches.Add(name);
        return this;
    }

    public ArgumentDefinitionBuilder IsMandatory(bool isMandatory)
    {
        _isMandatory = isMandatory;
        return this;
    }

    public ArgumentDefinitionBuilder AllowMultiple(bool allowMultiple)
    {
        _allowMultiple = allowMultiple;
        return this;
    }

    /// <summary>Guess.</summary>
    public ArgumentDefinition Build() => new(_name, _description, [.. _switches], _isMandatory, _allowMultiple);
}

/// <summary>Guess.</summary>
public sealed record ArgumentDefinition(
    string Name, string Description, IReadOnlyList<string> Switch, bool IsMandatory, bool AllowMultiple);

public sealed class CommandDefinitionBuilder
{
    private readonly List<ArgumentDefinition> _arguments = [];
    private string _name = "";
    private string _description = "";

    public CommandDefinitionBuilder WithName(string name)
    {
        _name = name;
        return this;
    }

    public CommandDefinitionBuilder WithDescription(string description)
    {
        _description = description;
        return this;
    }

    public CommandDefinitionBuilder WithArgument(Func<ArgumentDefinitionBuilder, ArgumentDefinitionBuilder> argument)
    {
        _arguments.Add(argument(new ArgumentDefinitionBuilder()).Build());
        return this;
    }

    public CommandDefinition Build() => new(_name, _description, _arguments);
}

public sealed class CommandDefinition(string name, string description, IReadOnlyList<ArgumentDefinition> arguments)
{
    public string Name { get; } = name;

    /// <summary>Guess.</summary>
    public string Description { get; } = description;

    /// <summary>Guess.</summary>
    public IReadOnlyList<ArgumentDefinition> Arguments { get; } = arguments;
}

public sealed class CommandPalette(string name, IEnumerable<CommandDefinition> commands)
{
    /// <summary>Guess.</summary>
    public string Name { get; } = name;

    /// <summary>Guess.</summary>
    public IReadOnlyList<CommandDefinition> Commands { get; } = [.. commands];
}
