using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Stockpile.Hosting.Access;
using Stockpile.Scheduler.Tests.Api;

namespace Stockpile.Cli.Tests;

/// <summary>Who a verb says it is, and which server it believes.</summary>
public sealed class AccessTests : IAsyncLifetime
{
    private const string Viewer = "viewer-0123456789abcdef";

    private readonly CommandLine _cli = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("stockpile-cli-").FullName;
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await ApiHost.StartAsync(new AccessTokens([("watcher", AccessRole.Viewer, Viewer)]));
        _host.Gateway.Cells.Add(ApiHost.Cell());
        _cli.Environment["STOCKPILE_SERVER"] = _host.Url;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Without_a_token_one_line_says_where_to_give_it()
    {
        var outcome = await _cli.RunAsync("cells");

        outcome.Fails(1, "an access token is needed", "--token", "STOCKPILE_TOKEN", "STOCKPILE_TOKEN_FILE");
    }

    [Fact]
    public async Task The_option_comes_before_the_variable_and_the_variable_before_the_file()
    {
        var file = Path.Combine(_folder, "token");
        await File.WriteAllTextAsync(file, Viewer + "\n", TestContext.Current.CancellationToken);

        _cli.Environment["STOCKPILE_TOKEN_FILE"] = file;
        Assert.Equal(0, (await _cli.RunAsync("cells")).Exit);

        _cli.Environment["STOCKPILE_TOKEN"] = "not-the-token-of-anybody";
        (await _cli.RunAsync("cells")).Fails(1, "is not one of this server's");

        Assert.Equal(0, (await _cli.RunAsync("cells", "--token", Viewer)).Exit);
    }

    [Fact]
    public async Task A_role_that_is_too_small_is_one_line_and_nothing_is_submitted()
    {
        var outcome = await _cli.RunAsync("submit", "--kind", "batch", "--tasks", "1", "--devices", "1",
            "--duration", "1h", "--token", Viewer);

        outcome.Fails(1, "this needs the role submitter; the token watcher has viewer");
        Assert.Empty(_host.Gateway.Submitted);
    }

    [Theory]
    [InlineData("secret text")]
    [InlineData("secret\ntext")]
    [InlineData("secret\u00e9text")]
    public async Task What_cannot_be_a_token_is_refused_and_not_shown(string token)
    {
        var outcome = await _cli.RunAsync("cells", "--token", token);

        outcome.Fails(2, "--token is no token");
        Assert.DoesNotContain("secret", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_file_that_is_not_there_is_named()
    {
        _cli.Environment["STOCKPILE_TOKEN_FILE"] = Path.Combine(_folder, "nothing");

        (await _cli.RunAsync("cells")).Fails(1, "STOCKPILE_TOKEN_FILE", "nothing");
    }

    [Fact]
    public async Task Only_the_authority_that_was_named_is_believed()
    {
        new CertificateMaker(PathOf("ours"), TimeProvider.System, 2).Make(["server"]);
        new CertificateMaker(PathOf("theirs"), TimeProvider.System, 2).Make(["server"]);
        await using var server = await StartTlsAsync(PathOf("ours/server.pem"), PathOf("ours/server-key.pem"));
        _cli.Environment["STOCKPILE_SERVER"] = server.Urls.Single();

        Assert.Equal(0, (await _cli.RunAsync("cells", "--ca", PathOf("ours/ca.pem"))).Exit);
        (await _cli.RunAsync("cells")).Fails(3, "its certificate is not trusted", "--ca FILE");
        (await _cli.RunAsync("cells", "--ca", PathOf("theirs/ca.pem"))).Fails(3, "its certificate is not trusted");

        _cli.Environment["STOCKPILE_CA"] = PathOf("ours/ca.pem");
        Assert.Equal(0, (await _cli.RunAsync("cells")).Exit);
    }

    [Theory]
    [InlineData("nothing.pem")]
    [InlineData("ours/ca-key.pem")]
    public async Task An_authority_that_cannot_be_read_is_one_line(string file)
    {
        new CertificateMaker(PathOf("ours"), TimeProvider.System, 2).Make([]);

        (await _cli.RunAsync("cells", "--ca", PathOf(file))).Fails(1, "--ca", file, "cannot be read");
    }

    private static async Task<WebApplication> StartTlsAsync(string certificate, string key)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        using var pair = X509Certificate2.CreateFromPemFile(
            certificate, key);
        var kept = X509CertificateLoader.LoadPkcs12(
            pair.Export(X509ContentType.Pkcs12), null);
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = kept));
        var app = builder.Build();
        app.MapGet("/api/v1/cells", () => new { cells = Array.Empty<string>() });
        app.Urls.Add("https://127.0.0.1:0");
        await app.StartAsync();
        return app;
    }

    private string PathOf(string file) => Path.Combine(_folder, file);
}
