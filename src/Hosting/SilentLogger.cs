using Akka.Event;

namespace Stockpile.Hosting;

/// <summary>
/// Stands in for Akka's logger to standard output, which speaks while the actor system starts and stops whatever its
/// level is set to. Standard output belongs to the command's answer.
/// </summary>
public sealed class SilentLogger : MinimalLogger
{
    protected override void Log(object message)
    {
        // What matters is in the log file.
    }
}
