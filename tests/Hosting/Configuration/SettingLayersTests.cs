using Stockpile.Formats.Hocon;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Processes;

namespace Stockpile.Hosting.Tests.Configuration;

/// <summary>Which layer wins, where each value comes from, and what is refused.</summary>
public sealed class SettingLayersTests : IDisposable
{
    private const string Url = "stockpile.http.url";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("stockpile-settings-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Each_layer_overrides_the_ones_below_it_and_the_origin_says_which()
    {
        var file = Write("mine.conf", "stockpile {\n  http.url = \"http://127.0.0.1:2\"\n}\n");
        var variable = ("STOCKPILE__HTTP__URL", "http://127.0.0.1:3");

        var shipped = Read().Get(Url);
        var ofFile = Read(file).Get(Url);
        var ofEnvironment = Read(file, [variable]).Get(Url);
        var ofCommand = Read(file, [variable], [$"{Url}=http://127.0.0.1:4"]).Get(Url);

        Assert.Equal("\"http://127.0.0.1:8080\"", shipped.Json);
        Assert.StartsWith("stockpile.conf:", $"{shipped.Origin}", StringComparison.Ordinal);
        Assert.Equal(("\"http://127.0.0.1:2\"", $"{file}:2"), (ofFile.Json, $"{ofFile.Origin}"));
        Assert.Equal(("\"http://127.0.0.1:3\"", "environment STOCKPILE__HTTP__URL"),
            (ofEnvironment.Json, $"{ofEnvironment.Origin}"));
        Assert.Equal(("\"http://127.0.0.1:4\"", "--set"), (ofCommand.Json, $"{ofCommand.Origin}"));
    }

    [Theory]
    [InlineData("STOCKPILE__JOURNAL__POSTGRES__CREATE_TABLES", "false", "stockpile.journal.postgres.create-tables")]
    [InlineData("AKKA__CLUSTER__SPLIT_BRAIN_RESOLVER__STABLE_AFTER", "9s",
        "akka.cluster.split-brain-resolver.stable-after")]
    [InlineData("AKKA__REMOTE__DOT_NETTY__TCP__PORT", "7", "akka.remote.dot-netty.tcp.port")]
    public void A_variable_is_the_key_in_upper_case_with_two_underscores_for_a_dot_and_one_for_a_hyphen(
        string variable, string value, string key)
    {
        var setting = Read(null, [(variable, value)]).Get(key);

        Assert.Equal($"\"{value}\"", setting.Json);
    }

    [Fact]
    public void Variables_of_other_programs_and_of_the_command_itself_are_no_settings()
    {
        var settings = Read(null, [
            ("PATH", "/bin"), ("STOCKPILE_SERVER", "http://x"), ("AKKA_HOME", "/opt"), ("STOCKPILE", "1"),
        ]);

        Assert.DoesNotContain(settings.All, s => s.Origin.Rank == SettingRank.Environment);
    }

    [Fact]
    public void A_variable_that_ends_in_FILE_takes_the_value_from_that_file_without_its_last_line_end()
    {
        var secret = Write("password", "s3cret\n");

        var setting = Read(null, [("STOCKPILE__JOURNAL__POSTGRES__PASSWORD_FILE", secret)])
            .Get("stockpile.journal.postgres.password");

        Assert.Equal("\"s3cret\"", setting.Json);
        Assert.Equal("\"(hidden)\"", setting.Shown);
    }

    [Fact]
    public void A_secret_that_cannot_be_read_names_the_variable_and_the_file()
    {
        var fault = Assert.Throws<InputException>(() =>
            Read(null, [("STOCKPILE__JOURNAL__POSTGRES__PASSWORD_FILE", "/nowhere/at/all")]));

        Assert.Contains("STOCKPILE__JOURNAL__POSTGRES__PASSWORD_FILE", fault.Message, StringComparison.Ordinal);
        Assert.Contains("/nowhere/at/all", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_in_a_variable_is_hocon_and_replaces_the_whole_list()
    {
        var settings = Read(null, [("STOCKPILE__CLUSTER__SEEDS", "[\"a:1\", \"b:2\"]")]);

        Assert.Equal(["a:1", "b:2"], ProcessSettings.Read(settings).Member.Seeds);
    }

    [Theory]
    [InlineData("stockpile.http.ulr=x", "stockpile.http.url")]
    [InlineData("stockpil.http.url=x", "stockpile")]
    [InlineData("stockpile.http.url.port=1", "stockpile.http.url")]
    public void A_key_that_nobody_knows_is_refused_with_the_nearest_one(string assignment, string hint)
    {
        var fault = Assert.Throws<InputException>(() => Read(null, null, [assignment]));

        Assert.Contains("is not known", fault.Message, StringComparison.Ordinal);
        Assert.Contains(hint, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_are_free_keys()
    {
        var settings = Read(
            null, [("STOCKPILE__HOST__LABELS__ZONE", "a"), ("STOCKPILE__HOST__LABELS__POWER_CAP", "yes")]);

        Assert.Equal(
            [KeyValuePair.Create("power-cap", "yes"), KeyValuePair.Create("zone", "a")],
            ProcessSettings.Read(settings).Host.Labels.OrderBy(l => l.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void What_follows_from_another_setting_gives_way_to_what_the_user_set_for_Akka_itself()
    {
        var settings = Read(null, [("AKKA__REMOTE__DOT_NETTY__TCP__PORT", "7")], ["stockpile.cluster.port=8"]);
        settings.UseMember(ProcessSettings.Read(settings).Member);
        var akka = settings.ToAkka();

        Assert.Equal(7, akka.GetInt("akka.remote.dot-netty.tcp.port"));
        Assert.Equal("127.0.0.1", akka.GetString("akka.remote.dot-netty.tcp.hostname"));
    }

    [Fact]
    public void Seeds_and_the_store_reach_Akka()
    {
        var settings = Read(null, [("STOCKPILE__CLUSTER__SEEDS", "a:1,b:2")], ["stockpile.journal.store=postgres"]);
        var process = ProcessSettings.Read(settings);
        settings.UseMember(process.Member);
        settings.UseStoreOf(process.Journal);
        var akka = settings.ToAkka();

        Assert.Equal(
            ["akka.tcp://stockpile@a:1", "akka.tcp://stockpile@b:2"], akka.GetStringList("akka.cluster.seed-nodes"));
        Assert.Equal("PostgreSQL.15", akka.GetString("akka.persistence.journal.sql.provider-name"));
        foreach (var plugin in new[] { "journal.sql", "snapshot-store.sql", "query.journal.sql" })
            Assert.Contains("Host=127.0.0.1;Port=5432",
                akka.GetString($"akka.persistence.{plugin}.connection-string"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_connection_string_with_a_password_is_hidden()
    {
        var settings = Read(
            null, null, ["stockpile.journal.store=postgres", "stockpile.journal.postgres.password=pw1"]);
        settings.UseStoreOf(ProcessSettings.Read(settings).Journal);

        Assert.Contains(settings.All, s => s.Json.Contains("pw1", StringComparison.Ordinal));
        Assert.DoesNotContain(settings.All, s => s.Shown.Contains("pw1", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("no-equals-sign", "--set")]
    [InlineData("=x", "--set")]
    public void An_assignment_without_a_key_is_refused(string assignment, string named)
    {
        var fault = Assert.Throws<InputException>(() => Read(null, null, [assignment]));

        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_with_a_mistyped_key_is_refused_with_its_line()
    {
        var file = Write("mine.conf", "stockpile {\n  http {\n    urll = x\n  }\n}\n");

        var fault = Assert.Throws<InputException>(() => Read(file));

        Assert.StartsWith($"{file}:3:", fault.Message, StringComparison.Ordinal);
    }

    internal static SettingLayers Read(
        string? file = null, (string Name, string Value)[]? variables = null, string[]? assignments = null) =>
        SettingLayers.Read(
            file, (variables ?? []).Select(v => KeyValuePair.Create(v.Name, v.Value)), assignments ?? []);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
