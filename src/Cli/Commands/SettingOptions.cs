using System.CommandLine;
using Stockpile.Hosting.Configuration;

namespace Stockpile.Cli.Commands;

/// <summary>The options by which a process is given its settings.</summary>
internal sealed class SettingOptions
{
    private readonly Option<string?> _file = new("--config")
    {
        Description = "Settings file; it overrides hocon/stockpile.conf and is overridden by the environment",
    };

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "One setting, such as stockpile.clock.speed=60; may be repeated; overrides everything",
        AllowMultipleArgumentsPerToken = false,
    };

    public void AddTo(Command command)
    {
        command.Add(_file);
        command.Add(_set);
    }

    public SettingLayers Read(CliContext context, ParseResult parsed) => LocalInput.OrRefuse(() =>
        SettingLayers.Read(parsed.GetValue(_file), context.Variables, parsed.GetValue(_set) ?? []));
}
