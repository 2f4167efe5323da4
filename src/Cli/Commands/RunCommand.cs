using System.CommandLine;
using Stockpile.Cli.Processes;
using Stockpile.Hosting.Configuration;

namespace Stockpile.Cli.Commands;

/// <summary>One process of a cluster of several, until it is told to stop.</summary>
internal static class RunCommand
{
    public static Command Create(CliContext context) => new("run", "Run one process of a cluster of several")
    {
        Role(context, "scheduler", "Cells, router and HTTP API", SchedulerProcess.RunAsync),
        Role(context, "node", "A host of simulated nodes", NodeProcess.RunAsync),
    };

    private static Command Role(
        CliContext context, string name, string description,
        Func<CliContext, SettingLayers, CancellationToken, Task<int>> run)
    {
        var command = new Command(name, $"{description}; settings: hocon/stockpile.conf, see stockpile config");
        var options = new SettingOptions();
        options.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            try
            {
                return await run(context, options.Read(context, parsed), cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                // Told to stop while it was still waiting for its database or its network, which is no fault.
                return ExitCodes.Done;
            }
        });
        return command;
    }
}
