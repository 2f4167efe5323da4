using System.CommandLine;
using Stockpile.Cli.Client;
using Stockpile.Cli.Output;
using Stockpile.Scheduler.Api.Contracts;

namespace Stockpile.Cli.Commands;

/// <summary><c>stockpile audit</c></summary>
internal static class AuditCommand
{
    /// <summary>An audit reads the journals of all cells from their first rows on.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static Command Create(CliContext context) =>
        new ClientVerb(context, "audit", "Compare the journal, the cells and the nodes; exit code 1 if they disagree")
        {
            Patience = Patience,
        }.Runs(async (_, session, cancel) =>
        {
            var answer = await session.Client.GetAsync<AuditResponse>("audit", cancel);
            session.Show(answer, AuditViews.Audit);
            return answer.Value.Clean ? ExitCodes.Done : ExitCodes.Refused;
        });
}
