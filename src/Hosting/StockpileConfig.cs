using Akka.Configuration;
using Akka.Persistence.Sql;
using Stockpile.Protocol.Serialization;

namespace Stockpile.Hosting;

/// <summary>Puts the files of <c>hocon/</c> together into one configuration for the actor system.</summary>
public static class StockpileConfig
{
    /// <summary>The name of the actor system; all members of a cluster share it.</summary>
    public const string SystemName = "stockpile";

    /// <summary>The folder of the files that came with the program.</summary>
    public static string Folder => Path.Combine(AppContext.BaseDirectory, "hocon");

    /// <summary>The path of one of them, such as <c>accelerators.conf</c> or <c>fleets/hunyuan.conf</c>.</summary>
    public static string PathOf(string file) => Path.Combine(Folder, file);

    /// <summary>Configuration of a process that keeps its journal in a SQLite file.</summary>
    /// <param name="connectionString">See <see cref="DataFolder.ConnectionString"/>.</param>
    public static Config Sqlite(string connectionString) => ConfigurationFactory.ParseString(
        $"stockpile.sqlite.connection-string = \"{connectionString.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)}\"\n"
        + Read("akka.conf") + "\n" + WireTypes.Bindings + Read("cluster.conf") + "\n" + Read("sqlite.conf"))
        .WithFallback(SqlPersistence.DefaultConfiguration);

    private static string Read(string file) => File.ReadAllText(PathOf(file));
}
