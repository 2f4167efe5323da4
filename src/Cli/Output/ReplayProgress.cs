using Spectre.Console;

namespace Stockpile.Cli.Output;

/// <summary>A progress bar on a terminal; without one, nothing.</summary>
internal static class ReplayProgress
{
    public static void Show(CliContext context, bool json, int runs, Action<Action<int>?> work)
    {
        if (!context.IsTerminal || json || runs < 2)
        {
            work(null);
            return;
        }

        AnsiConsole.Progress().AutoClear(true).Start(bars =>
        {
            var bar = bars.AddTask("runs", maxValue: runs);
            work(done => bar.Value = done);
        });
    }
}
