using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Stockpile.Tests.Shared;

/// <summary>
/// A PostgreSQL server of this test process alone: made on first use in a temporary folder, on a free port of
/// 127.0.0.1, from the programs that the machine has. Where there are none a test skips, except in CI. The assembly's
/// fixture <see cref="PostgresServerFixture"/> stops it.
/// </summary>
public sealed class PostgresServer
{
    public const string Owner = "stockpile";
    public const string Password = "of;the test";

    private const string ProgramsFolder = "/usr/lib/postgresql";
    private static readonly Lock Gate = new();
    private static PostgresServer? _running;

    private readonly string _programs;
    private readonly string _folder;
    private readonly int _port;
    private int _databases;

    private PostgresServer(string programs)
    {
        _programs = programs;
        _folder = Directory.CreateTempSubdirectory("stockpile-postgres-").FullName;
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder, (UnixFileMode)0b111_111_111);
        File.WriteAllText(PasswordFile, Password);
        Run("initdb", "-D", Data, "-U", Owner, "--pwfile", PasswordFile, "--auth=scram-sha-256", "--no-sync",
            "--encoding=UTF8", "--locale=C");
        // A port that is free now may be taken in a moment; then the next one is tried.
        for (var attempt = 1; ; attempt++)
        {
            _port = FreePort();
            try
            {
                // Without fsync a test is faster; only a crash of the whole machine would tell.
                Run("pg_ctl", "-D", Data, "-w", "-t", "60", "-l", Path.Combine(_folder, "log"), "-o",
                    $"-c port={_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off "
                    + "-c max_connections=200", "start");
                return;
            }
            catch (InvalidOperationException) when (attempt < 3)
            {
                // The next port.
            }
        }
    }

    private string Data => Path.Combine(_folder, "data");

    private string PasswordFile => Path.Combine(_folder, "password");

    /// <summary>The server; it is started when there is none yet.</summary>
    public static PostgresServer Get()
    {
        lock (Gate) return _running ??= new PostgresServer(Programs());
    }

    public static void Stop()
    {
        lock (Gate)
        {
            if (_running is not { } server) return;
            _running = null;
            NpgsqlConnection.ClearAllPools();
            // It ends the process whose id stands in the folder, and waits for that.
            server.Run("pg_ctl", "-D", server.Data, "-m", "immediate", "-w", "stop");
            Directory.Delete(server._folder, recursive: true);
        }
    }

    /// <summary>A new, empty database; the connection string of its owner.</summary>
    public string CreateDatabase()
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        Execute(Connection("postgres"), $"CREATE DATABASE {name}");
        return Connection(name);
    }

    public string Connection(string database, string user = Owner, string password = Password) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = _port,
            Database = database,
            Username = user,
            Password = password,
        }.ToString();

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
        var programs = Directory.Exists(ProgramsFolder)
            ? Directory.GetDirectories(ProgramsFolder).Select(version => Path.Combine(version, "bin"))
                .Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault()
            : null;
        if (programs is not null) return programs;
        var reason = $"PostgreSQL is not installed: there is no initdb in {ProgramsFolder}/*/bin";
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(reason);
        Assert.Skip(reason);
        return "";
    }

    /// <summary>PostgreSQL refuses to run as root, so root hands it to the user that its package made.</summary>
    private void Run(string program, params string[] args)
    {
        var start = new ProcessStartInfo(Environment.UserName == "root" ? "runuser" : Path.Combine(_programs, program))
        {
            // A server that inherited a pipe would hold it open for ever.
            RedirectStandardOutput = program != "pg_ctl",
            RedirectStandardError = program != "pg_ctl",
            WorkingDirectory = _folder,
        };
        if (Environment.UserName == "root")
            foreach (var arg in new[] { "-u", "postgres", "--", Path.Combine(_programs, program) })
                start.ArgumentList.Add(arg);
        if (program == "pg_ctl") start.ArgumentList.Add("-s");
        foreach (var arg in args) start.ArgumentList.Add(arg);
        using var process = Process.Start(start)!;
        var said = program == "pg_ctl" ? "" : process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {said}{Log()}");
    }

    private string Log() =>
        File.Exists(Path.Combine(_folder, "log")) ? File.ReadAllText(Path.Combine(_folder, "log")) : "";

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
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
