using System.Globalization;
using Akka.Configuration;
using Akka.Hosting;
using Petabridge.Cmd.Cluster;
using Petabridge.Cmd.Cluster.Sharding;
using Petabridge.Cmd.Host;
using Petabridge.Cmd.Remote;

#if PETABRIDGE_CMD_REMOTE
#endif
using Catalogue = Stockpile.Inspect.Catalogue;

namespace Stockpile.Pbm;

/// <summary>Serves the commands of a member through Petabridge.Cmd, for <c>pbm</c>.</summary>
public static class PetabridgeCmdHosting
{
    /// <summary>
    /// Palettes that Petabridge.Cmd has itself: <c>actor</c>, <c>log</c> and <c>system</c> in its host, the others in
    /// packages of their own. Ours of the same name stay out of its way.
    /// </summary>
    private static readonly string[] Theirs = ["actor", "cluster", "cluster-sharding", "log", "remote", "system"];

    /// <param name="host">Where it listens. Petabridge.Cmd itself would listen on every interface.</param>
    /// <param name="port">0: a free one, which its log names.</param>
    /// <param name="runner">Asked once, when the actor system is up.</param>
    public static AkkaConfigurationBuilder WithPetabridgeCmd(
        this AkkaConfigurationBuilder builder, string host, int port, Func<Catalogue.CommandRunner> runner)
    {
        var settings = string.Create(CultureInfo.InvariantCulture,
            $"petabridge.cmd {{ host = \"{host}\", port = {port} }}");
        return builder
            .AddHocon(ConfigurationFactory.ParseString(settings), HoconAddMode.Prepend)
            .AddPetabridgeCmd(cmd =>
            {
                cmd.RegisterCommandPalette(ClusterCommands.Instance);
                cmd.RegisterCommandPalette(ClusterShardingCommands.Instance);
#if PETABRIDGE_CMD_REMOTE
                cmd.RegisterCommandPalette(new RemoteCommands());
#endif
                var ours = runner();
                foreach (var palette in ours.Catalogue.Palettes.Where(IsOurs))
                    cmd.RegisterCommandPalette(new PaletteAdapter(palette, ours));
            });
    }

    private static bool IsOurs(Catalogue.Palette palette) => !Theirs.Contains(palette.Name, StringComparer.Ordinal);
}
