using System.CommandLine;

namespace Stockpile.Cli.Commands;

/// <summary>Looks at a journal, or moves it, without a cluster.</summary>
internal static class JournalCommand
{
    public static Command Create(CliContext context) =>
        new("journal", "Look at a journal, or move it, without a cluster")
        {
            JournalCheckCommand.Create(context),
            JournalCopyCommand.Create(context),
            JournalSchemaCommand.Create(context),
        };

    public static Option<string?> DataOption(bool required) => new("--data")
    {
        Description = "Data folder of a cluster that is not running",
        Required = required,
    };

    public static Option<string?> PostgresOption(bool required) => new("--postgres")
    {
        Description = "Connection string of Npgsql, such as \"Host=db;Database=stockpile;Username=stockpile\"; "
            + "the password may stand in PGPASSWORD or a passfile",
        Required = required,
    };
}
