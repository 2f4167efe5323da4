using Akka.Actor;
using Stockpile.Protocol;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Tests.Desks;

/// <summary>All key desks, over journals in memory that write at once.</summary>
internal sealed class MemoryDesks
{
    private readonly Dictionary<string, DeskBench> _desks = new(StringComparer.Ordinal);

    /// <summary>What the desks were asked.</summary>
    public List<IDeskMessage> Asked { get; } = [];

    public Task<IWireMessage> AskAsync(IDeskMessage message)
    {
        Assert.True(KeyDesks.IsDesk(message.Desk), message.Desk);
        Asked.Add(message);
        if (!_desks.TryGetValue(message.Desk, out var desk))
        {
            _desks.Add(message.Desk, desk = new DeskBench(message.Desk));
            desk.Engine.Begin();
        }

        var client = new Client();
        desk.Engine.Receive(message, client);
        return Task.FromResult(client.Answer ?? throw new AskTimeoutException($"{message.Desk} is silent"));
    }

    private sealed class Client : MinimalActorRef
    {
        public IWireMessage? Answer { get; private set; }

        public override ActorPath Path { get; } = new RootActorPath(new Address("akka", "test")) / "client";

        public override IActorRefProvider Provider => throw new InvalidOperationException("there is no actor system");

        protected override void TellInternal(object message, IActorRef sender) => Answer = (IWireMessage)message;
    }
}
