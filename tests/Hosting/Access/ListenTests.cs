using Stockpile.Core;
using Stockpile.Formats.Hocon;
using Stockpile.Hosting.Access;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Processes;
using Stockpile.Hosting.Tests.Configuration;
using Stockpile.Protocol;

namespace Stockpile.Hosting.Tests.Access;

/// <summary>What other machines can reach: by default nothing, and otherwise only what asks who they are.</summary>
public sealed class ListenTests
{
    private const string Token = "0123456789abcdef";

    [Fact]
    public void Every_port_of_the_default_settings_is_on_loopback()
    {
        var layers = SettingLayersTests.Read();
        var settings = ProcessSettings.Read(layers);
        layers.UseMember(settings.Member);
        var akka = layers.ToAkka();

        Assert.True(settings.Http.Address.IsLoopback);
        Assert.True(Loopback.Is(settings.Inspector.Host));
        Assert.True(Loopback.Is(settings.Petabridge.Host));
        Assert.True(Loopback.Is(settings.Member.Hostname));
        Assert.True(Loopback.Is(akka.GetString("akka.remote.dot-netty.tcp.hostname")));
        // `up` and `demo` take these, without the settings of a member.
        var local = StoreConfig.Sqlite("Data Source=:memory:");
        Assert.True(Loopback.Is(local.GetString("akka.remote.dot-netty.tcp.hostname")));
        Assert.Equal(WireLimits.RemoteFrameBytesMax, local.GetByteSize("akka.remote.dot-netty.tcp.maximum-frame-size"));
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.8.9.1", true)]
    [InlineData("::1", true)]
    [InlineData("[::1]", true)]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("[::]", false)]
    [InlineData("*", false)]
    [InlineData("+", false)]
    [InlineData("10.0.0.5", false)]
    [InlineData("[::ffff:10.0.0.5]", false)]
    [InlineData("128.0.0.1", false)]
    [InlineData("scheduler-1", false)]
    [InlineData("localhost.example.com", false)]
    [InlineData("127.0.0.1.example.com", false)]
    [InlineData("", false)]
    public void Loopback_is_what_no_other_machine_reaches(string host, bool isLoopback) =>
        Assert.Equal(isLoopback, Loopback.Is(host));

    [Theory]
    [InlineData("http://127.0.0.1:8080", true)]
    [InlineData("http://127.1:8080", true)]
    [InlineData("https://[::1]:8443", true)]
    [InlineData("http://0.0.0.0:8080", false)]
    [InlineData("http://0:8080", false)]
    [InlineData("http://scheduler-1:8080", false)]
    public void An_address_is_a_scheme_a_host_and_a_port(string text, bool isLoopback)
    {
        Assert.True(HttpAddress.TryParse(text, out var address));
        Assert.Equal(isLoopback, address.IsLoopback);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080/;http://0.0.0.0:8081")]
    [InlineData("http://127.0.0.1:8080;http://0.0.0.0:8081")]
    [InlineData("http://127.0.0.1@0.0.0.0:8080")]
    [InlineData("http://127.0.0.1:8080/path")]
    [InlineData("http://127.0.0.1:8080?x")]
    [InlineData("http://127.0.0.1:8080#x")]
    [InlineData("ftp://127.0.0.1:8080")]
    [InlineData("http://*:8080")]
    [InlineData("http://+:8080")]
    [InlineData("127.0.0.1:8080")]
    public void What_could_be_a_second_address_is_none(string text) => Assert.False(HttpAddress.TryParse(text, out _));

    [Theory]
    [InlineData("http://0.0.0.0:8080")]
    [InlineData("http://[::]:8080")]
    [InlineData("http://10.1.2.3:8080")]
    [InlineData("http://scheduler-1:8080")]
    public void An_api_that_others_reach_needs_tokens_and_says_what_to_set(string url)
    {
        var without = SettingLayersTests.Read(null, null, [$"stockpile.http.url={url}"]);
        var with = SettingLayersTests.Read(null, null, [
            $"stockpile.http.url={url}", "stockpile.http.tokens.me.role=viewer",
            $"stockpile.http.tokens.me.token={Token}",
        ]);

        var fault = Assert.Throws<InputException>(() => HttpSettings.ReadForApi(without));

        Assert.Contains("stockpile.http.url", fault.Message, StringComparison.Ordinal);
        Assert.Contains("stockpile.http.tokens.NAME.role", fault.Message, StringComparison.Ordinal);
        Assert.Equal("me", Assert.Single(HttpSettings.ReadForApi(with).Tokens.All).Name);
        // A node process answers for its health alone.
        Assert.True(ProcessSettings.Read(without).Http.Tokens.IsEmpty);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("scheduler-1")]
    public void An_inspector_that_others_reach_needs_tokens_and_says_what_to_set(string host)
    {
        var without = SettingLayersTests.Read(null, null, [$"stockpile.inspector.host={host}"]);
        var with = SettingLayersTests.Read(null, null, [
            $"stockpile.inspector.host={host}", "stockpile.http.tokens.me.role=viewer",
            $"stockpile.http.tokens.me.token={Token}",
        ]);

        var fault = Assert.Throws<InputException>(() => ProcessSettings.Read(without));

        Assert.Contains($"stockpile.inspector.host': '{host}' is open", fault.Message, StringComparison.Ordinal);
        Assert.Contains("stockpile.http.tokens.NAME.role", fault.Message, StringComparison.Ordinal);
        Assert.Equal(host, ProcessSettings.Read(with).Inspector.Host);
    }

    [Fact]
    public void A_port_that_asks_nobody_leaves_the_machine_only_by_consent()
    {
        const string port = "stockpile.petabridge";
        var without = SettingLayersTests.Read(null, null, [$"{port}.host=0.0.0.0"]);
        var with = SettingLayersTests.Read(null, null, [$"{port}.host=0.0.0.0", $"{port}.allow-remote=true"]);

        var fault = Assert.Throws<InputException>(() => ProcessSettings.Read(without));

        Assert.Contains($"{port}.allow-remote", fault.Message, StringComparison.Ordinal);
        Assert.NotNull(ProcessSettings.Read(with));
    }

    [Fact]
    public void A_member_that_others_reach_without_tls_is_told_apart()
    {
        Assert.False(ProcessSettings.Read(SettingLayersTests.Read()).Member.IsOpen);
        Assert.True(ProcessSettings.Read(
            SettingLayersTests.Read(null, null, ["stockpile.cluster.hostname=0.0.0.0"])).Member.IsOpen);
        Assert.False(ProcessSettings.Read(SettingLayersTests.Read(null, null,
            ["stockpile.cluster.hostname=0.0.0.0", "stockpile.cluster.tls.certificate=x.pem"])).Member.IsOpen);
    }
}
