using Npgsql;

namespace Stockpile.Tests.Shared;

/// <summary>
/// A PostgreSQL server of this test process alone: made on first use in a temporary folder, on a free port of
/// 127.0.0.1, from the programs that the machine has. Where there are none a test skips, except in CI. The assembly's
/// fixture <see cref="PostgresServerFixture"/> stops it.
/// </summary>
public sealed class PostgresServer : IDisposable
{
    public const string Owner = PostgresInstance.Owner;
    public const string Password = PostgresInstance.Password;

    private static readonly Lock Gate = new();
    private static PostgresServer? _running;

    private readonly PostgresInstance _instance = new(Programs());
    private int _databases;

    /// <summary>The server; it is started when there is none yet.</summary>
    public static PostgresServer Get()
    {
        lock (Gate) return _running ??= new PostgresServer();
    }

    public static void Stop()
    {
        lock (Gate)
        {
            _running?.Dispose();
            _running = null;
        }
    }

    public void Dispose() => _instance.Dispose();

    /// <summary>A new, empty database; the connection string of its owner.</summary>
    public string CreateDatabase()
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        Execute(Connection("postgres"), $"CREATE DATABASE {name}");
        return Connection(name);
    }

    public string Connection(string database, string user = Owner, string password = Password) =>
        _instance.Connection(database, user, password);

    /// <summary>Runs SQL and gives the first value.</summary>
    public static object? Execute(string connectionString, string sql)
    {
        using var connection = new NpgsqlConnection(connectionString);
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }

    private static string Programs()
    {
        if (PostgresInstance.FindPrograms() is { } programs) return programs;
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(PostgresInstance.Missing);
        Assert.Skip(PostgresInstance.Missing);
        return "";
    }
}

/// <summary>Stops the server when all tests of the assembly are over.</summary>
public sealed class PostgresServerFixture : IDisposable
{
    public void Dispose()
    {
        PostgresServer.Stop();
        GC.SuppressFinalize(this);
    }
}
