using Akka.Actor;
using Stockpile.Protocol;

namespace Stockpile.Scheduler.Routing;

/// <summary>
/// What a router needs of the process it runs in. In production that is its actor; the simulation of faults gives one
/// that loses, delays and repeats. Times are real.
/// </summary>
public interface IRouterPorts
{
    /// <summary>Where answers to the router go.</summary>
    IActorRef Self { get; }

    /// <summary>The process is a full member of the cluster.</summary>
    bool IsMember { get; }

    /// <summary>Asks the cell that the message names. Called from any thread.</summary>
    /// <exception cref="AskTimeoutException">No answer came in time; the message may have arrived.</exception>
    Task<IWireMessage> Ask(ICellMessage message, TimeSpan timeout);

    /// <summary>Asks the key desk that the message names. Called from any thread.</summary>
    /// <exception cref="AskTimeoutException">No answer came in time; the message may have arrived.</exception>
    Task<IWireMessage> AskDesk(IDeskMessage message, TimeSpan timeout);

    /// <summary>Called from any thread.</summary>
    Task Delay(TimeSpan time);

    /// <summary>The cells that the journal knows; fails when it cannot be read.</summary>
    Task<IReadOnlyList<string>> JournalCells();

    /// <summary>Sends a message to the router itself, once.</summary>
    void Once(TimeSpan after, object message);

    /// <summary>A text that no key of before has.</summary>
    string NewKey();
}
