using System.CommandLine;
using System.Text.Json;
using Stockpile.Cli.Output;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Processes;

namespace Stockpile.Cli.Commands;

/// <summary>The configuration that holds, each value with where it comes from.</summary>
internal static class ConfigCommand
{
    public static Command Create(CliContext context)
    {
        var prefix = new Argument<string>("KEY")
        {
            Description = "Only this key and what is below it, such as stockpile.journal or akka.cluster",
            Arity = ArgumentArity.ZeroOrOne,
            DefaultValueFactory = _ => "",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON document" };
        var options = new SettingOptions();
        var command = new Command(
            "config", "Print the settings of `stockpile run`, each with the file, line or variable that says so")
        {
            prefix, json,
        };
        options.AddTo(command);
        command.SetAction((parsed, _) =>
        {
            Print(context, options.Read(context, parsed), parsed.GetValue(prefix)!, parsed.GetValue(json));
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    private static void Print(CliContext context, SettingLayers layers, string key, bool json)
    {
        LocalInput.OrRefuse(() =>
        {
            var settings = ProcessSettings.Read(layers);
            layers.UseStoreOf(settings.Journal);
            layers.UseMember(settings.Member);
            return settings;
        });
        var shown = layers.All.Where(s => key.Length == 0 || s.Path == key
            || s.Path.StartsWith(key + ".", StringComparison.Ordinal)).ToList();
        if (shown.Count == 0)
            throw new CliException(ExitCodes.Refused,
                $"no setting is called {key}; keys begin with akka or stockpile, such as stockpile.journal");
        var screen = new Screen(context);
        if (json)
            screen.Json(new
            {
                settings = shown.Select(s => new
                {
                    key = s.Path, value = JsonSerializer.Deserialize<JsonElement>(s.Shown), from = $"{s.Origin}",
                    rank = s.Origin.Rank,
                }),
            });
        else
            screen.Table(
                ["key", "value", "from"],
                shown.Select(s => new object?[] { s.Path, Plain(s.Shown), s.Origin }));
    }

    /// <summary>A plain text without its quotes.</summary>
    private static string Plain(string json) =>
        json.StartsWith('"') && JsonSerializer.Deserialize<string>(json) is { Length: > 0 } text ? text : json;
}
