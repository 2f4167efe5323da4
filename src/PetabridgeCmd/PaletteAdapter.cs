using Petabridge.Cmd;
using Petabridge.Cmd.Host;
using Catalogue = Stockpile.Inspect.Catalogue;
using Props = Akka.Actor.Props;

namespace Stockpile.Pbm;

/// <summary>One palette of the catalogue as Petabridge.Cmd wants it.</summary>
internal sealed class PaletteAdapter : CommandPaletteHandler
{
    public PaletteAdapter(Catalogue.Palette palette, Catalogue.CommandRunner runner)
        : this(palette, Translate(palette), runner)
    {
    }

    private PaletteAdapter(Catalogue.Palette palette, CommandPalette translated, Catalogue.CommandRunner runner)
        : base(translated) =>
        HandlerProps = Props.Create(() => new PaletteActor(palette, translated, runner));

    public override Props HandlerProps { get; }

    private static CommandPalette Translate(Catalogue.Palette palette) =>
        new(palette.Name, palette.Commands.Select(Translate).ToArray());

    private static CommandDefinition Translate(Catalogue.InspectCommand command)
    {
        var definition = new CommandDefinitionBuilder().WithName(command.Name).WithDescription(command.Description);
        foreach (var argument in command.Arguments)
        {
            definition = definition.WithArgument(a => a
                .WithName(argument.Name)
                .WithDescription(argument.Description)
                .WithSwitch(argument.Switch)
                .WithSwitch(argument.Switch.ToUpperInvariant())
                .WithSwitch("--" + argument.Name)
                .IsMandatory(argument.Mandatory)
                .AllowMultiple(argument.Multiple));
        }

        return definition.Build();
    }
}
