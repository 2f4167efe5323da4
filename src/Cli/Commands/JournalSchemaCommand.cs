using System.CommandLine;
using Stockpile.Hosting.Postgres;

namespace Stockpile.Cli.Commands;

/// <summary>Prints the script of the tables, for people who let no program create tables.</summary>
internal static class JournalSchemaCommand
{
    public static Command Create(CliContext context)
    {
        var schema = new Command("schema", "Print the SQL that creates the tables in PostgreSQL");
        schema.SetAction(_ =>
        {
            context.Out.Write(PostgresSchema.Script);
            return ExitCodes.Done;
        });
        return schema;
    }
}
