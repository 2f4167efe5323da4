using System.Data.Common;
using Akka.Configuration;
using Microsoft.Data.Sqlite;
using Npgsql;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;
using Stockpile.Hosting.Postgres;
using Stockpile.Hosting.Processes;
using Stockpile.Tests.Shared;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>Where a cell's journal lies, for one test.</summary>
public abstract class CellStore : IDisposable
{
    public abstract Config Settings { get; }

    /// <summary>SQL after which nobody else can write a round until COMMIT.</summary>
    public abstract string LockSql { get; }

    public static CellStore Sqlite() => new SqliteStore();

    public static CellStore Postgres() => new PostgresStore();

    public abstract DbConnection Open();

    public abstract void Dispose();

    private sealed class SqliteStore : CellStore
    {
        private readonly DataFolder _folder = DataFolder.Open(Directory.CreateTempSubdirectory("cell-spec-").FullName);

        public override Config Settings => StoreConfig.Sqlite(_folder.ConnectionString);

        public override string LockSql => "BEGIN EXCLUSIVE";

        public override DbConnection Open()
        {
            var connection = new SqliteConnection(_folder.ConnectionString);
            connection.Open();
            return connection;
        }

        public override void Dispose()
        {
            SqliteConnection.ClearAllPools();
            _folder.Dispose();
            TestFolders.Delete(_folder.FullPath);
        }
    }

    private sealed class PostgresStore : CellStore
    {
        private readonly string _database = PostgresServer.Get().CreateDatabase();

        public PostgresStore() => PostgresServer.Execute(_database, PostgresSchema.Script);

        public override Config Settings => StoreConfig.Postgres(_database);

        public override string LockSql => "BEGIN; LOCK TABLE journal IN EXCLUSIVE MODE";

        public override DbConnection Open()
        {
            var connection = new NpgsqlConnection(_database);
            connection.Open();
            return connection;
        }

        public override void Dispose()
        {
            // The database goes with its server.
        }
    }
}
