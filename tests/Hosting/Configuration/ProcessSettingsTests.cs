using Stockpile.Core.Fleets;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Hocon;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Processes;

namespace Stockpile.Hosting.Tests.Configuration;

public sealed class ProcessSettingsTests
{
    private static readonly Catalog Catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));

    [Theory]
    [InlineData("stockpile.journal.store=mysql", "sqlite, postgres")]
    [InlineData("stockpile.clock.speed=0", "0.001 to 10000000")]
    [InlineData("stockpile.clock.speed=fast", "0.001 to 10000000")]
    [InlineData("stockpile.http.url=8080", "http://127.0.0.1:8080")]
    [InlineData("stockpile.cluster.port=70000", "0 to 65535")]
    [InlineData("stockpile.cluster.seeds=scheduler-1", "host:port")]
    [InlineData("stockpile.host.count=0", "1 to")]
    [InlineData("stockpile.host.memory=lots", "MiB")]
    [InlineData("stockpile.log.level=chatty", "verbose, debug, information, warning, error")]
    public void A_value_that_is_not_allowed_is_refused_with_its_key_and_the_rule(string assignment, string allowed)
    {
        var layers = SettingLayersTests.Read(null, null, [assignment]);

        var fault = Assert.Throws<InputException>(() => ProcessSettings.Read(layers));

        Assert.Contains(assignment.Split('=')[0], fault.Message, StringComparison.Ordinal);
        Assert.Contains(assignment.Split('=')[1], fault.Message, StringComparison.Ordinal);
        Assert.Contains(allowed, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stockpile.journal.postgres.port=0", "1 to 65535")]
    [InlineData("stockpile.journal.postgres.create-tables=maybe", "true, false")]
    [InlineData("stockpile.journal.postgres.patience=soon", "duration")]
    [InlineData("stockpile.journal.postgres.options=nonsense", "connection string")]
    [InlineData("stockpile.journal.postgres.host=", "is missing")]
    public void A_database_is_checked_where_it_is_used(string assignment, string allowed)
    {
        var unused = SettingLayersTests.Read(null, null, [assignment]);
        var used = SettingLayersTests.Read(null, null, [assignment, "stockpile.journal.store=postgres"]);

        Assert.Null(ProcessSettings.Read(unused).Journal.Postgres);
        var fault = Assert.Throws<InputException>(() => ProcessSettings.Read(used));
        Assert.Contains(assignment.Split('=')[0], fault.Message, StringComparison.Ordinal);
        Assert.Contains(allowed, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_that_listens_everywhere_advertises_the_name_of_its_machine()
    {
        var wide = ProcessSettings.Read(SettingLayersTests.Read(null, null, ["stockpile.cluster.hostname=0.0.0.0"]));
        var named = ProcessSettings.Read(SettingLayersTests.Read(null, null,
            ["stockpile.cluster.hostname=0.0.0.0", "stockpile.cluster.public-hostname=scheduler-1"]));

        Assert.Equal(System.Net.Dns.GetHostName(), wide.Member.PublicHostname);
        Assert.Equal("scheduler-1", named.Member.PublicHostname);
    }

    [Fact]
    public void A_host_of_one_model_names_its_nodes_after_itself_and_puts_them_into_one_rack()
    {
        var layers = SettingLayersTests.Read(null, null, [
            "stockpile.host.cell=north", "stockpile.host.model=H800", "stockpile.host.count=2",
            "stockpile.host.cpu=1.5", "stockpile.host.memory=2GiB", "stockpile.host.labels.zone=a",
        ]);

        var nodes = HostNodes.Of(ProcessSettings.Read(layers).Host, "frontier-2", Catalog, layers);

        Assert.Equal(["frontier-2-01", "frontier-2-02"], nodes.Select(n => n.Id));
        Assert.All(nodes, n =>
        {
            Assert.Equal(("north", "H800", 8, 1500, 2048L), (n.Cell, n.Model, n.Devices, n.CpuMilli, n.MemoryMiB));
            Assert.Equal(("a", "frontier-2"), (n.Labels["zone"], n.Labels["rack"]));
        });
    }

    [Fact]
    public void A_host_of_a_fleet_file_takes_the_cells_it_is_told()
    {
        var fleet = StockpileConfig.PathOf("fleets/small.conf");
        var layers = SettingLayersTests.Read(null, null,
            [$"stockpile.host.fleet={fleet}", "stockpile.host.cells=north"]);
        var wrong = SettingLayersTests.Read(null, null,
            [$"stockpile.host.fleet={fleet}", "stockpile.host.cells=west"]);

        var nodes = HostNodes.Of(ProcessSettings.Read(layers).Host, "any", Catalog, layers);
        var fault = Assert.Throws<InputException>(() =>
            HostNodes.Of(ProcessSettings.Read(wrong).Host, "any", Catalog, wrong));

        Assert.NotEmpty(nodes);
        Assert.All(nodes, n => Assert.Equal("north", n.Cell));
        Assert.Contains("'west' is no cell", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stockpile.host.model=H801", "did you mean 'H800'")]
    [InlineData("stockpile.host.cell=no spaces", "is not a name")]
    public void A_host_that_cannot_be_is_refused(string assignment, string said)
    {
        var layers = SettingLayersTests.Read(null, null,
            ["stockpile.host.cell=north", "stockpile.host.model=H800", assignment]);

        var fault = Assert.Throws<InputException>(() =>
            HostNodes.Of(ProcessSettings.Read(layers).Host, "frontier-1", Catalog, layers));

        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
    }
}
