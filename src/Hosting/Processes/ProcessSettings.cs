using System.Net;
using Npgsql;
using Stockpile.Core;
using Stockpile.Formats.Hocon;
using Stockpile.Hosting.Access;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;

namespace Stockpile.Hosting.Processes;

/// <summary>Where the journal is kept.</summary>
/// <param name="DataFolder">For SQLite; null: PostgreSQL.</param>
/// <param name="Postgres">For PostgreSQL; null: SQLite.</param>
public sealed record JournalSettings(string? DataFolder, PostgresSettings? Postgres);

/// <param name="ConnectionString">For Npgsql, without the defaults.</param>
/// <param name="Patience">How long a process that starts waits for the server.</param>
public sealed record PostgresSettings(string ConnectionString, bool CreateTables, TimeSpan Patience);

/// <param name="Hostname">The address to listen on.</param>
/// <param name="PublicHostname">How the others reach this process.</param>
/// <param name="Seeds"><c>host:port</c> of schedulers; empty: this process forms a cluster.</param>
/// <param name="Tls">The certificate that members show each other, see <see cref="MemberTls"/>.</param>
public sealed record MemberSettings(
    string Hostname, int Port, string PublicHostname, IReadOnlyList<string> Seeds, CertificateFiles Tls)
{
    /// <summary>Whoever reaches the port may do what a member may.</summary>
    public bool IsOpen => !Loopback.Is(Hostname) && !Tls.IsSet;
}

/// <param name="Name">Empty: <see cref="HostIdentity"/> finds one for the group.</param>
/// <param name="Fleet">A fleet file; empty: <paramref name="Count"/> nodes of one model.</param>
/// <param name="Cells">The cells of the fleet file whose nodes are hosted; empty: all.</param>
public sealed record HostSettings(
    string Name, string Group, string Cell, string Model, int Count, int Devices, int CpuMilli, long MemoryMiB,
    IReadOnlyDictionary<string, string> Labels, string Fleet, IReadOnlyList<string> Cells);

/// <param name="Port">0: a free one.</param>
public sealed record ListenAddress(string Host, int Port);

/// <summary>What <c>stockpile.conf</c> and all that overrides it say, read and checked as a whole.</summary>
public sealed record ProcessSettings(
    JournalSettings Journal, double Speed, HttpSettings Http, ListenAddress Inspector, ListenAddress Petabridge,
    MemberSettings Member, HostSettings Host, string Accelerators, string Policy, string LogLevel)
{
    /// <exception cref="InputException">A value is not allowed.</exception>
    public static ProcessSettings Read(SettingLayers layers)
    {
        var read = new SettingReader(layers);
        return new ProcessSettings(
            ReadJournal(read),
            read.Double("stockpile.clock.speed", 0.001, 10_000_000),
            HttpSettings.Read(layers),
            ReadInspector(layers),
            ReadPetabridge(read),
            ReadMember(read),
            ReadHost(read),
            OrShipped(read.Text("stockpile.files.accelerators"), "accelerators.conf"),
            OrShipped(read.Text("stockpile.files.policy"), "policy.conf"),
            read.OneOf("stockpile.log.level", "verbose", "debug", "information", "warning", "error"));
    }

    /// <exception cref="InputException">A value is not allowed, or tokens are missing.</exception>
    public static ListenAddress ReadInspector(SettingLayers layers)
    {
        var read = new SettingReader(layers);
        var at = ReadListen(read, "stockpile.inspector");
        if (!Loopback.Is(at.Host) && TokenReader.Read(layers, read).IsEmpty)
            throw read.Error("stockpile.inspector.host", TokenReader.Missing(at.Host));
        return at;
    }

    /// <summary>Of a port that asks nobody who he is: it leaves this machine only by consent.</summary>
    private static ListenAddress ReadPetabridge(SettingReader read)
    {
        const string Path = "stockpile.petabridge";
        var at = ReadListen(read, Path);
        if (!Loopback.Is(at.Host) && !read.Bool(Path + ".allow-remote"))
            throw read.Error(Path + ".host", $"'{at.Host}' is open to other machines, and this port asks for no token: "
                + $"listen on 127.0.0.1, or set {Path}.allow-remote = true where a network keeps others out");
        return at;
    }

    private static ListenAddress ReadListen(SettingReader read, string path) => new(
        read.Required($"{path}.host", "an address to listen on, such as 127.0.0.1"),
        read.Int($"{path}.port", 0, ushort.MaxValue));

    private static string OrShipped(string file, string shipped) =>
        file.Length > 0 ? file : StockpileConfig.PathOf(shipped);

    private static JournalSettings ReadJournal(SettingReader read)
    {
        const string Postgres = "stockpile.journal.postgres.";
        if (read.OneOf("stockpile.journal.store", "sqlite", "postgres") == "sqlite")
            return new JournalSettings(
                read.Required("stockpile.journal.sqlite.data", "the folder that holds the journal"), null);
        var connection = Options(read, Postgres + "options");
        connection.Host = read.Required(Postgres + "host", "the name of the server");
        connection.Port = read.Int(Postgres + "port", 1, ushort.MaxValue);
        connection.Database = read.Required(Postgres + "database", "the name of the database");
        connection.Username = read.Required(Postgres + "username", "the role that owns the tables");
        if (read.Text(Postgres + "password") is { Length: > 0 } password) connection.Password = password;
        return new JournalSettings(null, new PostgresSettings(
            connection.ConnectionString, read.Bool(Postgres + "create-tables"), read.Duration(Postgres + "patience")));
    }

    private static NpgsqlConnectionStringBuilder Options(SettingReader read, string path)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(read.Text(path));
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or InvalidCastException)
        {
            throw read.Error(path, "is not a part of Npgsql's connection string, such as SSL Mode=Require");
        }
    }

    private static MemberSettings ReadMember(SettingReader read)
    {
        const string Cluster = "stockpile.cluster.";
        var hostname = read.Required(Cluster + "hostname", "an address to listen on, such as 127.0.0.1");
        var advertised = read.Text(Cluster + "public-hostname");
        var wildcard = IPAddress.TryParse(hostname, out var address)
            && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
        var seeds = read.Texts(Cluster + "seeds");
        foreach (var seed in seeds)
            if (!Uri.TryCreate($"akka.tcp://stockpile@{seed}", UriKind.Absolute, out var uri) || uri.Port <= 0)
                throw read.Error(Cluster + "seeds", $"'{seed}' is not host:port, such as scheduler-1:4053");
        return new MemberSettings(
            hostname,
            read.Int(Cluster + "port", 0, ushort.MaxValue),
            advertised.Length > 0 ? advertised : wildcard ? Dns.GetHostName() : hostname,
            seeds,
            CertificateFiles.Read(read, "stockpile.cluster.tls"));
    }

    private static HostSettings ReadHost(SettingReader read)
    {
        const string Host = "stockpile.host.";
        return new HostSettings(
            read.Text(Host + "name") is { Length: 0 } ? "" : read.Name(Host + "name"),
            read.Name(Host + "group"),
            read.Text(Host + "cell"),
            read.Text(Host + "model"),
            read.Int(Host + "count", 1, Limits.NodesPerCellMax),
            read.Int(Host + "devices", 1, Limits.DevicesPerNodeMax),
            (int)Math.Round(read.Double(Host + "cpu", 0.001, Limits.CpuMilliMax / 1000.0) * 1000),
            read.SizeMiB(Host + "memory", Limits.MemoryMiBMax),
            read.Map(Host + "labels"),
            read.Text(Host + "fleet"),
            read.Texts(Host + "cells"));
    }
}
