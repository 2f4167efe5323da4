using System.CommandLine;
using Stockpile.Cli.Commands;

namespace Stockpile.Cli.App;

/// <summary>The verbs of the command, in the order of the help.</summary>
public static class Verbs
{
    /// <param name="passed">The words behind <c>inspect</c>, which have a grammar of their own.</param>
    public static RootCommand Create(CliContext context, IReadOnlyList<string> passed)
    {
        var root = new RootCommand(
            "Stockpile schedules mixed accelerator fleets: the best chips train, the others serve.");
        foreach (var verb in All(context, passed)) root.Add(verb);
        return root;
    }

    private static IEnumerable<Command> All(CliContext context, IReadOnlyList<string> passed) =>
    [
        DemoCommand.Create(context),
        UpCommand.Create(context),
        RunCommand.Create(context),
        ConfigCommand.Create(context),
        SubmitCommand.Create(context),
        JobsCommand.Create(context),
        JobCommand.Create(context),
        CancelCommand.Create(context),
        WhyCommand.Create(context),
        HistoryCommand.Create(context),
        NodesCommand.Create(context),
        NodeCommand.Create(context),
        DrainCommand.Create(context),
        ResumeCommand.Create(context),
        FleetCommand.Create(context),
        CellsCommand.Create(context),
        TopCommand.Create(context),
        ReplayCommand.Create(context),
        BenchCommand.Create(context),
        ForecastCommand.Create(context),
        AuditCommand.Create(context),
        JournalCommand.Create(context),
        TokensCommand.Create(context),
        CertsCommand.Create(context),
        InspectCommand.Create(context, passed),
    ];
}
