using Akka.Configuration;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;
using Stockpile.Hosting.Postgres;

namespace Stockpile.Hosting.Processes;

/// <summary>The files of <c>hocon/</c> put together for an actor system with a journal.</summary>
public static class StoreConfig
{
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
