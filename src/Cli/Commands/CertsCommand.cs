using System.CommandLine;
using Stockpile.Core;
using Stockpile.Hosting.Access;

namespace Stockpile.Cli.Commands;

/// <summary>Makes a private authority and certificates for HTTPS and for TLS between members.</summary>
internal static class CertsCommand
{
    private const int DaysDefault = 825;
    private const int DaysMax = 3_650;

    public static Command Create(CliContext context)
    {
        var folder = new Option<string>("--out")
        {
            Description = "Folder for the PEM files; what is there is kept, and an authority that is there signs",
            HelpName = "DIR",
            Required = true,
        };
        var names = new Option<string[]>("--names")
        {
            Description = "Names or addresses of machines, separated by commas: a certificate and a key for each",
            HelpName = "NAME,…",
            Required = true,
            CustomParser = result => result.Tokens.SelectMany(t => t.Value.Split(
                ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToArray(),
        };
        names.Validators.Add(result =>
        {
            foreach (var name in result.GetValueOrDefault<string[]>() ?? [])
                if (!CertificateMaker.IsFit(name))
                    result.AddError($"--names: '{Names.Shorten(name)}' is not a name or an IPv4 address; {Names.Rule}");
        });
        var days = new Option<int>("--days")
        {
            Description = "How long they are valid",
            DefaultValueFactory = _ => DaysDefault,
        };
        days.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!int.TryParse(token.Value, out var d) || d is < 1 or > DaysMax))
                result.AddError($"--days: '{Names.Shorten(token.Value)}' is not a whole number of 1 to {DaysMax}");
        });
        var command = new Command("certs", "Make a private authority and certificates that it signs, for TLS")
        {
            folder, names, days,
        };
        command.SetAction((parsed, _) =>
        {
            var maker = new CertificateMaker(
                parsed.GetRequiredValue(folder), context.Clock, parsed.GetValue(days));
            var made = LocalInput.OrRefuse(() => maker.Make(parsed.GetRequiredValue(names)));
            foreach (var file in made) context.Out.WriteLine($"made {file}");
            if (made.Count == 0) context.Out.WriteLine("all of them are there already");
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }
}
