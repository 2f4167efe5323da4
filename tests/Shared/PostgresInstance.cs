using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Stockpile.Tests.Shared;

/// <summary>How a server is made where the defaults will not do.</summary>
internal sealed record PostgresOptions
{
    /// <summary>Folder in which its data folder is made; null: its own temporary one.</summary>
    public string? Disk { get; init; }

    /// <summary>A second address to listen on, and the network whose members may come there.</summary>
    public (IPAddress Address, string Network)? Wide { get; init; }

    /// <summary>Settings of the server, <c>name=value</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];
}

/// <summary>
/// A PostgreSQL server in a temporary folder and on a free port, from the programs that the machine has. It can be
/// stopped in any way and started again on the same port.
/// </summary>
internal sealed class PostgresInstance : IDisposable
{
    public const string Owner = "stockpile";
    public const string Password = "of;the test";

    private const string ProgramsFolder = "/usr/lib/postgresql";

    private readonly string _programs;
    private readonly string _folder;
    private readonly PostgresOptions _options;

    /// <summary>Makes the server and starts it.</summary>
    /// <param name="programs">See <see cref="FindPrograms"/>.</param>
    /// <exception cref="InvalidOperationException">One of its programs failed.</exception>
    public PostgresInstance(string programs, PostgresOptions? options = null)
    {
        _programs = programs;
        _options = options ?? new PostgresOptions();
        _folder = Directory.CreateTempSubdirectory("stockpile-postgres-").FullName;
        Data = Path.Combine(_options.Disk ?? _folder, "data");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder, (UnixFileMode)0b111_111_111);
        var passwordFile = Path.Combine(_folder, "password");
        File.WriteAllText(passwordFile, Password);
        Run("initdb", "-D", Data, "-U", Owner, "--pwfile", passwordFile, "--auth=scram-sha-256", "--no-sync",
            "--encoding=UTF8", "--locale=C");
        if (_options.Wide is var (_, network))
            File.AppendAllText(Path.Combine(Data, "pg_hba.conf"), $"host all all {network} scram-sha-256\n");
        // A port that is free now may be taken in a moment; then the next one is tried.
        for (var attempt = 1; ; attempt++)
        {
            Port = FreePort();
            try
            {
                Start();
                return;
            }
            catch (InvalidOperationException) when (attempt < 3)
            {
                // The next port.
            }
        }
    }

    public string Data { get; }

    public int Port { get; }

    /// <summary>What the programs of the newest server here lie in; null: none is installed.</summary>
    public static string? FindPrograms() => Directory.Exists(ProgramsFolder)
        ? Directory.GetDirectories(ProgramsFolder).Select(version => Path.Combine(version, "bin"))
            .Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault()
        : null;

    /// <summary>Why there is none, for a skip or a failure.</summary>
    public const string Missing = $"PostgreSQL is not installed: there is no initdb in {ProgramsFolder}/*/bin";

    /// <summary>Starts it and waits until it answers.</summary>
    /// <exception cref="InvalidOperationException">It did not start; the log is in the message.</exception>
    public void Start()
    {
        var addresses = _options.Wide is var (address, _) ? $"127.0.0.1,{address}" : "127.0.0.1";
        // Without fsync a test is faster; only a crash of the whole machine would tell.
        var settings = string.Concat(new[]
        {
            string.Create(CultureInfo.InvariantCulture, $"port={Port}"), $"listen_addresses={addresses}",
            "unix_socket_directories=", "fsync=off", "max_connections=200",
        }.Concat(_options.Settings).Select(s => $"-c {s} "));
        Run("pg_ctl", "-D", Data, "-w", "-t", "60", "-l", Path.Combine(_folder, "log"), "-o", settings, "start");
    }

    /// <summary>Stops it, and waits until it has.</summary>
    /// <param name="mode"><c>fast</c> breaks connections off in good order; <c>immediate</c> is a crash.</param>
    public void Stop(string mode) => Run("pg_ctl", "-D", Data, "-m", mode, "-w", "stop");

    /// <summary>Its process id stands in its folder, and a process of that id is there.</summary>
    public bool IsRunning() =>
        File.Exists(Path.Combine(Data, "postmaster.pid"))
        && int.TryParse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).FirstOrDefault(), out var id)
        && Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}"));

    public string Connection(string database, string user = Owner, string password = Password) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = Port,
            Database = database,
            Username = user,
            Password = password,
        }.ToString();

    public void Dispose()
    {
        NpgsqlConnection.ClearAllPools();
        // It ends the process whose id stands in the folder, and waits for that.
        if (IsRunning()) Stop("immediate");
        Directory.Delete(_folder, recursive: true);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
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
}
