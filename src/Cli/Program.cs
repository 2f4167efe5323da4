using System.Runtime.InteropServices;
using Stockpile.Cli;
using Stockpile.Cli.App;

// The first Ctrl+C or SIGTERM asks the verb to end in good order; a second one ends the process at once.
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await CliApp.RunAsync(args, CliContext.OfProcess(), stop.Token);

void Stop(PosixSignalContext signal)
{
    if (stop.IsCancellationRequested) return;
    signal.Cancel = true;
    stop.Cancel();
}
