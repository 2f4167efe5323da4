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
    public static Config Sqlite(string connectionString) => With("sqlite", connectionString);

    /// <summary>Configuration of a process that keeps its journal in a PostgreSQL database. The tables must be there:
    /// see <see cref="Postgres.PostgresSchema.EnsureAsync"/>.</summary>
    /// <param name="connectionString">For Npgsql; what it sets wins over the defaults in <c>postgres.conf</c>.</param>
    public static Config Postgres(string connectionString) => With("postgres", connectionString);

    private static Config With(string store, string connectionString) => ConfigurationFactory.ParseString(
        $"stockpile.{store}.connection-string = \"{connectionString.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)}\"\n"
        + Read("akka.conf") + "\n" + WireTypes.Bindings + Read("cluster.conf") + "\n" + Read($"{store}.conf"))
        .WithFallback(SqlPersistence.DefaultConfiguration);

    private static string Read(string file) => File.ReadAllText(PathOf(file));
}
