using Akka.Actor;
using Akka.Hosting;

// See Definitions.cs: written from public documentation and usage, with what is a guess.

namespace Petabridge.Cmd.Host
{
    public abstract class CommandPaletteHandler(CommandPalette palette)
    {
        /// <summary>Guess.</summary>
        public CommandPalette Palette { get; } = palette;

        public abstract Props HandlerProps { get; }
    }

    /// <summary>The base class is a guess.</summary>
    public abstract class CommandHandlerActor : ReceiveActor
    {
        private readonly CommandPalette _palette;
        private readonly Dictionary<string, Action<Command>> _handlers = new(StringComparer.Ordinal);

        protected CommandHandlerActor(CommandPalette palette)
        {
            _palette = palette;
            Receive<Command>(call => _handlers[call.Name](call));
        }

        protected void Process(string commandName, Action<Command> handler)
        {
            if (_palette.Commands.All(c => c.Name != commandName))
                throw new ArgumentException($"{_palette.Name} has no command {commandName}");
            _handlers.Add(commandName, handler);
        }
    }

    /// <summary>Keeps what is registered and dispatches calls; it opens no port.</summary>
    public sealed class PetabridgeCmd(ExtendedActorSystem system) : IExtension
    {
        private readonly Dictionary<string, IActorRef> _actors = new(StringComparer.Ordinal);

        /// <summary>For tests.</summary>
        public List<CommandPalette> Palettes { get; } = [];

        public static PetabridgeCmd Get(ActorSystem system) =>
            system.WithExtension<PetabridgeCmd, PetabridgeCmdProvider>();

        public void RegisterCommandPalette(CommandPaletteHandler handler)
        {
            Palettes.Add(handler.Palette);
            // What the real host does with two palettes of a name is not known; here it is an error.
            _actors.Add(handler.Palette.Name, system.ActorOf(handler.HandlerProps, "pbm-" + handler.Palette.Name));
        }

        public void Start() => IsStarted = true;

        /// <summary>For tests.</summary>
        public bool IsStarted { get; private set; }

        /// <summary>For tests: the least of a dispatch, from a session's actor to the palette's.</summary>
        public void Dispatch(string palette, Command call, IActorRef session) => _actors[palette].Tell(call, session);
    }

    public sealed class PetabridgeCmdProvider : ExtensionIdProvider<PetabridgeCmd>
    {
        public override PetabridgeCmd CreateExtension(ExtendedActorSystem system) => new(system);
    }

    public static class PetabridgeCmdHostingExtensions
    {
        public static AkkaConfigurationBuilder AddPetabridgeCmd(
            this AkkaConfigurationBuilder builder, Action<PetabridgeCmd> configure) =>
            builder.AddStartup((system, _) =>
            {
                var cmd = PetabridgeCmd.Get(system);
                configure(cmd);
                cmd.Start();
            });
    }

    /// <summary>Stands for a palette of Petabridge's own, of which only the name matters here.</summary>
    public sealed class NamedPalette(string name) : CommandPaletteHandler(new CommandPalette(name, []))
    {
        public override Props HandlerProps { get; } = Props.Empty;
    }
}

namespace Petabridge.Cmd.Cluster
{
    public static class ClusterCommands
    {
        public static Host.CommandPaletteHandler Instance { get; } = new Host.NamedPalette("cluster");
    }
}

namespace Petabridge.Cmd.Cluster.Sharding
{
    public static class ClusterShardingCommands
    {
        public static Host.CommandPaletteHandler Instance { get; } = new Host.NamedPalette("cluster-sharding");
    }
}

namespace Petabridge.Cmd.Remote
{
    public sealed class RemoteCommands() : Host.CommandPaletteHandler(new CommandPalette("remote", []))
    {
        public override Akka.Actor.Props HandlerProps { get; } = Akka.Actor.Props.Empty;
    }
}
