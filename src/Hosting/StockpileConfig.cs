using Akka.Configuration;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Postgres;

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

    /// <summary>What came with the program, with a journal in a SQLite file; the environment has no say.</summary>
    /// <param name="connectionString">See <see cref="DataFolder.ConnectionString"/>.</param>
    public static Config Sqlite(string connectionString)
    {
        var layers = SettingLayers.Read(null, [], []);
        layers.UseSqlite(connectionString);
        return layers.ToAkka();
    }

    /// <summary>The same with a journal in a PostgreSQL database. The tables must be there: see
    /// <see cref="PostgresSchema.EnsureAsync"/>.</summary>
    /// <param name="connectionString">For Npgsql; what it sets wins over the defaults in <c>stockpile.conf</c>.</param>
    public static Config Postgres(string connectionString)
    {
        var layers = SettingLayers.Read(null, [], []);
        layers.UsePostgres(connectionString);
        return layers.ToAkka();
    }
}
