using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Stockpile.Core;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Server;
using Stockpile.Inspect.Tests.Catalogue;

namespace Stockpile.Inspect.Tests.Server;

public sealed class ProtocolTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_is_answered_by_member_lines_and_end_and_the_next_one_follows()
    {
        await using var host = await ServerHost.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            var lines = await host.LinesAsync($"job why north-{i}");
            Assert.Equal(3, lines.Count);
            Assert.Equal(Samples.Self.Address, lines[0].GetProperty("member").GetProperty("address").GetString());
            Assert.False(lines[0].GetProperty("streams").GetBoolean());
            Assert.Equal($"job=north-{i}", lines[1].GetProperty("line").GetString());
            Assert.Equal(0, lines[2].GetProperty("exit").GetInt32());
            Assert.False(lines[2].TryGetProperty("error", out _));
            Assert.Equal(Samples.Self.Address, lines[2].GetProperty("member").GetProperty("address").GetString());
        }
    }

    [Fact]
    public async Task Json_gives_rows_instead_of_lines()
    {
        await using var host = await ServerHost.StartAsync();
        var lines = await host.LinesAsync("job why a", json: true);
        Assert.Equal("job", lines[1].GetProperty("data").GetProperty("name").GetString());
        Assert.False(lines[1].TryGetProperty("line", out _));
    }

    [Fact]
    public async Task A_command_that_refuses_or_is_none_ends_with_its_exit_code_and_one_line()
    {
        await using var host = await ServerHost.StartAsync();
        var refused = (await host.LinesAsync("job refuse"))[^1];
        Assert.Equal(1, refused.GetProperty("exit").GetInt32());
        Assert.Equal("not today", refused.GetProperty("error").GetString());
        Assert.Equal(2, (await host.LinesAsync("jbo why"))[^1].GetProperty("exit").GetInt32());
    }

    [Theory]
    [InlineData("", "the body is empty")]
    [InlineData("GET / HTTP/1.1", "line 1, column 1: the body is not proper JSON")]
    [InlineData("null", "the body is null")]
    [InlineData("[1,2]", "the body is [1,2]")]
    [InlineData("{\"args\":\"cluster\"}", "args is \"cluster\"; allowed: the words of a command")]
    [InlineData("{}", "args is missing or holds null; allowed: the words of a command")]
    [InlineData("{\"args\":[null]}", "args is missing or holds null")]
    [InlineData("{\"args\":[\"cell\",\"list\"],\"json\":1}", "json is 1; allowed: true for rows")]
    [InlineData("{\"args\":[\"cell\",\"list\"],\"cancel\":true}", "cancel is no field; allowed: args, json")]
    public async Task Garbage_gets_a_clear_error(string body, string error)
    {
        await using var host = await ServerHost.StartAsync();
        var (status, detail) = await ServerHost.ProblemAsync(host.PostAsync(Json(body)));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.StartsWith(error, detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(InspectLimits.RequestBytesMax + 1)]
    [InlineData(2_000_000)]
    public async Task A_call_that_is_too_large_is_refused_at_its_bound(int bytes)
    {
        await using var host = await ServerHost.StartAsync();
        var (status, detail) = await ServerHost.ProblemAsync(host.PostAsync(Json(new string('x', bytes))));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
        Assert.StartsWith(
            $"the body is larger than {InspectLimits.RequestBytesMax} bytes", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_of_a_page_is_no_call_and_neither_is_anything_from_another_site_or_name()
    {
        await using var host = await ServerHost.StartAsync();
        const string Call = """{"args":["cell","list"]}""";
        var form = await ServerHost.ProblemAsync(host.PostAsync(new StringContent(Call, Encoding.UTF8, "text/plain")));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, form.Status);
        var site = await ServerHost.ProblemAsync(host.PostAsync(Json(Call), null, ("Origin", "http://evil.example")));
        Assert.Equal(HttpStatusCode.Forbidden, site.Status);
        var name = await ServerHost.ProblemAsync(host.PostAsync(Json(Call), null, ("Host", "evil.example")));
        Assert.Equal(HttpStatusCode.Forbidden, name.Status);
        using var own = await host.PostAsync(Json(Call));
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Fact]
    public async Task A_client_that_goes_away_ends_its_command()
    {
        await using var host = await ServerHost.StartAsync();
        using (var response = await host.CallAsync("log tail"))
        {
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(Stop));
            Assert.Contains("\"streams\":true", await lines.ReadLineAsync(Stop), StringComparison.Ordinal);
            Assert.Contains("line 0", await lines.ReadLineAsync(Stop), StringComparison.Ordinal);
            Assert.False(host.Cancelled.Task.IsCompleted);
        }

        await host.Cancelled.Task.WaitAsync(Patience, Stop);
    }

    [Fact]
    public async Task A_process_that_stops_ends_its_commands_in_good_order()
    {
        await using var host = await ServerHost.StartAsync();
        using var response = await host.CallAsync("log tail");
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(Stop));
        Assert.NotNull(await lines.ReadLineAsync(Stop));
        var stopping = host.StopAsync();
        var all = await lines.ReadToEndAsync(Stop).WaitAsync(Patience, Stop);
        await stopping;
        var last = JsonSerializer.Deserialize<JsonElement>(all.TrimEnd('\n').Split('\n')[^1]);
        Assert.Equal(0, last.GetProperty("exit").GetInt32());
    }

    [Fact]
    public async Task A_connection_cut_in_the_middle_of_a_call_disturbs_nobody()
    {
        await using var host = await ServerHost.StartAsync();
        using (var cut = new TcpClient())
        {
            await cut.ConnectAsync(IPAddress.Loopback, host.Port, Stop);
            await cut.GetStream().WriteAsync(
                "POST /api/v1/inspect HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"u8
                    .ToArray(), Stop);
            await cut.GetStream().WriteAsync("Content-Length: 30\r\n\r\n{\"ar"u8.ToArray(), Stop);
        }

        Assert.Equal(0, (await host.LinesAsync("cell list"))[^1].GetProperty("exit").GetInt32());
    }

    [Fact]
    public async Task One_command_too_many_is_told_so_and_one_that_ends_makes_room()
    {
        await using var host = await ServerHost.StartAsync();
        var open = new List<HttpResponseMessage>();
        for (var i = 0; i < InspectLimits.ConnectionsMax; i++) open.Add(await host.CallAsync("log tail"));
        Assert.All(open, response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        var (status, detail) = await ServerHost.ProblemAsync(host.CallAsync("cell list"));
        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.StartsWith($"{InspectLimits.ConnectionsMax} commands run here", detail, StringComparison.Ordinal);

        open[0].Dispose();
        // The server learns a moment later that the client is gone.
        var began = TimeProvider.System.GetTimestamp();
        var again = HttpStatusCode.TooManyRequests;
        while (again == HttpStatusCode.TooManyRequests && TimeProvider.System.GetElapsedTime(began) < Patience)
        {
            using var response = await host.CallAsync("cell list");
            again = response.StatusCode;
        }

        Assert.Equal(HttpStatusCode.OK, again);
        foreach (var response in open) response.Dispose();
    }

    [Fact]
    public async Task One_connection_too_many_is_closed_at_once()
    {
        await using var host = await ServerHost.StartAsync();
        var open = new List<TcpClient>();
        for (var i = 0; i < 2 * InspectLimits.ConnectionsMax; i++)
        {
            open.Add(new TcpClient());
            await open[^1].ConnectAsync(IPAddress.Loopback, host.Port, Stop);
        }

        Assert.Equal(0, await ReadAsync(host));
        using (var first = open[0].GetStream())
        {
            await first.WriteAsync("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"u8.ToArray(), Stop);
            Assert.NotEqual(0, await first.ReadAsync(new byte[64], Stop));
        }

        foreach (var client in open) client.Dispose();

        static async Task<int> ReadAsync(ServerHost host)
        {
            using var over = new TcpClient();
            await over.ConnectAsync(IPAddress.Loopback, host.Port, Stop);
            try
            {
                return await over.GetStream().ReadAsync(new byte[64], Stop).AsTask().WaitAsync(Patience, Stop);
            }
            catch (IOException)
            {
                // A reset is a close as well.
                return 0;
            }
        }
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_fault_or_a_note()
    {
        await using var host = await ServerHost.StartAsync();
        await using var required = Server(new InspectorOptions(Port: host.Port));
        var fault = await Assert.ThrowsAsync<InspectorBindException>(() => required.StartAsync(Stop));
        Assert.Contains($"127.0.0.1:{host.Port}", fault.Message, StringComparison.Ordinal);

        await using var optional = Server(new InspectorOptions(Port: host.Port, Required: false));
        await optional.StartAsync(Stop);
        Assert.Null(optional.EndPoint);
        Assert.Equal(fault.Message, optional.Fault);
        await optional.StopAsync(Stop);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("localhost")]
    [InlineData("no-such-name.invalid")]
    public async Task A_name_is_one_address_and_never_all_of_them(string host)
    {
        await using var server = Server(new InspectorOptions(host, Port: 0, Required: false));
        await server.StartAsync(Stop);
        if (host.EndsWith(".invalid", StringComparison.Ordinal))
        {
            Assert.StartsWith($"the inspector cannot listen on {host}:0: ", server.Fault, StringComparison.Ordinal);
            Assert.Null(server.EndPoint);
            return;
        }

        Assert.Null(server.Fault);
        Assert.Equal(host == "localhost", IPAddress.IsLoopback(server.EndPoint!.Address));
        await server.StopAsync(Stop);
    }

    private static InspectorServer Server(InspectorOptions options)
    {
        var runner = new CommandRunner(Samples.Catalogue, new FakeMembers());
        return new InspectorServer(() => runner, options, NullLoggerFactory.Instance);
    }

    private static ByteArrayContent Json(string body) => new(Encoding.UTF8.GetBytes(body))
    {
        Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
    };
}
