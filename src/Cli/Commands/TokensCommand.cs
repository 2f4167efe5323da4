using System.CommandLine;
using Stockpile.Hosting.Access;

namespace Stockpile.Cli.Commands;

/// <summary>Makes access tokens for the HTTP API, in files; they are never printed.</summary>
internal static class TokensCommand
{
    public static Command Create(CliContext context)
    {
        var folder = new Option<string>("--out")
        {
            Description = "Folder for the files viewer, submitter and operator; those that are there are kept",
            HelpName = "DIR",
            Required = true,
        };
        var command = new Command("tokens", "Make a random access token for each role of the HTTP API") { folder };
        command.SetAction((parsed, _) =>
        {
            var made = LocalInput.OrRefuse(() => TokenMaker.Make(parsed.GetRequiredValue(folder)));
            foreach (var file in made) context.Out.WriteLine($"made {file}");
            if (made.Count == 0) context.Out.WriteLine($"all tokens are in {parsed.GetRequiredValue(folder)} already");
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }
}
