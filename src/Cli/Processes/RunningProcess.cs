using Akka.Actor;
using Akka.Cluster;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Stockpile.Scheduler.Hosting;

namespace Stockpile.Cli.Processes;

/// <summary>A started process until its end.</summary>
internal static class RunningProcess
{
    /// <summary>
    /// Waits for the end and stops in good order. A signal ends it with 0; a member that the cluster put out, or that
    /// no scheduler is left for, ends with 1, so that whoever supervises the process starts it again.
    /// </summary>
    public static async Task<int> UntilStoppedAsync(WebApplication app, CliContext context, CancellationToken cancel)
    {
        var system = app.Services.GetRequiredService<ActorSystem>();
        try
        {
            await app.WaitForShutdownAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            // A signal is how it ends.
        }

        var asked = cancel.IsCancellationRequested;
        if (asked) context.Out.WriteLine("stopping: cells hand over, nodes leave");
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        var reason = CoordinatedShutdown.Get(system).ShutdownReason;
        // Told by a signal, or by `cluster leave`.
        if (asked || reason is CoordinatedShutdown.ClusterLeavingReason) return ExitCodes.Done;
        throw new CliException(ExitCodes.Refused, InWords(reason, Cluster.Get(system).SelfAddress));
    }

    private static string InWords(CoordinatedShutdown.Reason? reason, Address self) => reason?.GetType().Name switch
    {
        nameof(CoordinatedShutdown.ClusterDowningReason) =>
            $"the cluster put this member out ({self}): it was cut off from most of the schedulers; start it again",
        nameof(NoSchedulerLeft) =>
            $"no scheduler is left in the cluster of this member ({self}); start it again, to join those that start",
        // The type is Akka.Remote's own secret.
        "TlsHandshakeFailureReason" => $"TLS failed between this member ({self}) and one that it called: each needs a "
            + "certificate that stockpile.cluster.tls.ca of the other has signed; the log says which was refused",
        var name => $"the actor system ended by itself: {name ?? "no reason given"}",
    };
}
