using System.Text.Json;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Data;

namespace Stockpile.Hosting.Processes;

/// <summary>Settings of Akka that follow from ours.</summary>
public static class SettingLayersExtensions
{
    private static readonly string[] SqlPlugins =
        ["akka.persistence.journal.sql", "akka.persistence.snapshot-store.sql", "akka.persistence.query.journal.sql"];

    /// <param name="connectionString">See <see cref="DataFolder.ConnectionString"/>.</param>
    public static void UseSqlite(this SettingLayers layers, string connectionString) =>
        layers.UseStore("sqlite.conf", connectionString, "stockpile.journal.sqlite.data");

    /// <param name="connectionString">For Npgsql; what it sets wins over the defaults.</param>
    public static void UsePostgres(this SettingLayers layers, string connectionString)
    {
        var defaults = JsonSerializer.Deserialize<string>(layers.Get("stockpile.journal.postgres.defaults").Json);
        layers.UseStore("postgres.conf", $"{defaults};{connectionString}", "stockpile.journal.postgres");
    }

    /// <summary>What <see cref="OpenedJournal"/> would set, without opening anything.</summary>
    public static void UseStoreOf(this SettingLayers layers, JournalSettings journal)
    {
        if (journal.DataFolder is { } folder)
            layers.UseSqlite(DataFolder.ConnectionStringOf(Path.Combine(folder, DataFolder.DatabaseFile)));
        else
            layers.UsePostgres(journal.Postgres!.ConnectionString);
    }

    /// <summary>Listens and joins as the settings say; a scheduler without seeds is its own.</summary>
    public static void UseMember(this SettingLayers layers, MemberSettings member)
    {
        const string Tcp = "akka.remote.dot-netty.tcp.";
        layers.Derive(Tcp + "hostname", member.Hostname, "stockpile.cluster.hostname");
        layers.Derive(Tcp + "public-hostname", member.PublicHostname, "stockpile.cluster.public-hostname");
        layers.Derive(Tcp + "port", member.Port, "stockpile.cluster.port");
        if (member.Tls.IsSet) layers.Derive(Tcp + "enable-ssl", "true", member.Tls.CertificatePath);
        var scheme = member.Tls.IsSet ? "akka.ssl.tcp" : "akka.tcp";
        var seeds = member.Seeds.Select(seed => $"{scheme}://{StockpileConfig.SystemName}@{seed}").ToArray();
        layers.Derive("akka.cluster.seed-nodes", seeds, "stockpile.cluster.seeds");
    }

    private static void UseStore(this SettingLayers layers, string file, string connectionString, string from)
    {
        layers.AddShipped(file);
        foreach (var plugin in SqlPlugins) layers.Derive(plugin + ".connection-string", connectionString, from);
    }
}
