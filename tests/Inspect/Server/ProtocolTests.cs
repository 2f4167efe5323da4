using Microsoft.Extensions.Logging.Abstractions;
using Stockpile.Core;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Server;
using Stockpile.Inspect.Tests.Catalogue;

namespace Stockpile.Inspect.Tests.Server;

public sealed class ProtocolTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_command_is_answered_by_member_lines_and_end_and_the_next_one_follows()
    {
        await using var host = await ServerHost.StartAsync();
        using var wire = await host.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            await wire.RunAsync("job", "why", $"north-{i}");
            var replies = await wire.ReadAllAsync();
            Assert.Equal(3, replies.Count);
            Assert.Equal(Samples.Self.Address, replies[0].GetProperty("member").GetProperty("address").GetString());
            Assert.False(replies[0].GetProperty("streams").GetBoolean());
            Assert.Equal($"job=north-{i}", replies[1].GetProperty("line").GetString());
            Assert.Equal(0, replies[2].GetProperty("exit").GetInt32());
            Assert.Equal(System.Text.Json.JsonValueKind.Null, replies[2].GetProperty("error").ValueKind);
            Assert.Equal(Samples.Self.Address, replies[2].GetProperty("member").GetProperty("address").GetString());
        }
    }

    [Fact]
    public async Task Json_gives_rows_instead_of_lines()
    {
        await using var host = await ServerHost.StartAsync();
        using var wire = await host.ConnectAsync();
        await wire.SendAsync("""{"v":1,"args":["job","why","a"],"json":true}""" + "\n");
        var replies = await wire.ReadAllAsync();
        Assert.Equal("job", replies[1].GetProperty("data").GetProperty("name").GetString());
        Assert.False(replies[1].TryGetProperty("line", out _));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\n", "the line is not a request")]
    [InlineData("\n", "the line is not a request")]
    [InlineData("null\n", "the line is not a request")]
    [InlineData("[1,2]\n", "the line is not a request")]
    [InlineData("{\"v\":1,\"args\":\"cluster\"}\n", "the line is not a request")]
    [InlineData("{\"v\":1}\n", "args is missing")]
    [InlineData("{\"v\":1,\"args\":[null]}\n", "args is missing or holds null")]
    [InlineData("{\"args\":[\"cluster\"]}\n", "the version is missing; allowed: 1")]
    [InlineData("{\"v\":2,\"args\":[\"cluster\"]}\n", "the version is 2; allowed: 1")]
    [InlineData("\u0000\u0001\u00ff\n", "the line is not a request")]
    public async Task Garbage_gets_a_clear_error_and_ends_the_connection(string garbage, string error)
    {
        await using var host = await ServerHost.StartAsync();
        using var wire = await host.ConnectAsync();
        await wire.SendAsync(garbage);
        var reply = (await wire.ReadAsync())!.Value;
        Assert.Equal(2, reply.GetProperty("exit").GetInt32());
        Assert.StartsWith(error, reply.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(Samples.Self.Address, reply.GetProperty("member").GetProperty("address").GetString());
        Assert.Null(await wire.ReadAsync());
    }

    [Fact]
    public async Task A_line_without_an_end_is_refused_at_its_bound()
    {
        await using var host = await ServerHost.StartAsync();
        using var wire = await host.ConnectAsync();
        await wire.SendAsync(new string('x', Limits.InspectRequestBytesMax + 1));
        var reply = (await wire.ReadAsync())!.Value;
        Assert.Equal(2, reply.GetProperty("exit").GetInt32());
        Assert.Contains("longer than", reply.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"v":1,"cancel":true}""")]
    [InlineData("\u0003")]
    public async Task A_cancel_ends_a_streaming_command_and_the_connection_goes_on(string cancel)
    {
        await using var host = await ServerHost.StartAsync();
        using var wire = await host.ConnectAsync();
        await wire.RunAsync("log", "tail");
        Assert.True((await wire.ReadAsync())!.Value.GetProperty("streams").GetBoolean());
        Assert.Equal("line 0", (await wire.ReadAsync())!.Value.GetProperty("line").GetString());
        await wire.SendAsync(cancel + "\n");
        Assert.Equal(0, (await wire.ReadAllAsync())[^1].GetProperty("exit").GetInt32());
        await host.Cancelled.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await wire.RunAsync("cell", "list");
        Assert.Equal(2, (await wire.ReadAllAsync()).Count);
    }

    [Fact]
    public async Task A_client_that_goes_away_ends_its_command()
    {
        await using var host = await ServerHost.StartAsync();
        using (var wire = await host.ConnectAsync())
        {
            await wire.RunAsync("log", "tail");
            await wire.ReadAsync();
        }

        await host.Cancelled.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_connection_cut_in_the_middle_of_a_line_disturbs_nobody()
    {
        await using var host = await ServerHost.StartAsync();
        using (var cut = await host.ConnectAsync()) await cut.SendAsync("{\"v\":1,\"ar");
        using var wire = await host.ConnectAsync();
        await wire.RunAsync("cell", "list");
        Assert.Equal(0, (await wire.ReadAllAsync())[^1].GetProperty("exit").GetInt32());
    }

    [Fact]
    public async Task A_second_command_beside_a_running_one_is_refused()
    {
        await using var host = await ServerHost.StartAsync();
        using var wire = await host.ConnectAsync();
        await wire.RunAsync("log", "tail");
        await wire.ReadAsync();
        await wire.RunAsync("cell", "list");
        var last = (await wire.ReadAllAsync())[^1];
        Assert.Equal(2, last.GetProperty("exit").GetInt32());
        Assert.StartsWith("a command runs", last.GetProperty("error").GetString(), StringComparison.Ordinal);
        await host.Cancelled.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task One_connection_too_many_is_told_so_and_one_that_ends_makes_room()
    {
        await using var host = await ServerHost.StartAsync();
        var open = new List<Wire>();
        for (var i = 0; i < Limits.InspectConnectionsMax; i++)
        {
            open.Add(await host.ConnectAsync());
            await open[^1].RunAsync("cell", "list");
            await open[^1].ReadAllAsync();
        }

        using (var over = await host.ConnectAsync())
        {
            var reply = (await over.ReadAsync())!.Value;
            Assert.Equal(1, reply.GetProperty("exit").GetInt32());
            Assert.Contains("connections are open", reply.GetProperty("error").GetString(), StringComparison.Ordinal);
        }

        foreach (var wire in open) wire.Dispose();
        for (var exit = 1; exit != 0;)
        {
            using var wire = await host.ConnectAsync();
            try
            {
                await wire.RunAsync("cell", "list");
                exit = (await wire.ReadAllAsync())[^1].GetProperty("exit").GetInt32();
            }
            catch (IOException)
            {
                // Refused while the others are still being closed.
            }
        }
    }

    [Fact]
    public async Task A_silent_connection_is_closed()
    {
        await using var host = await ServerHost.StartAsync(idle: TimeSpan.FromMilliseconds(50));
        using var wire = await host.ConnectAsync();
        Assert.Null(await wire.ReadAsync());
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_fault_or_a_note()
    {
        await using var host = await ServerHost.StartAsync();
        var runner = new CommandRunner(Samples.Catalogue, new FakeMembers());
        using var required = Server(new InspectorOptions(Port: host.Port));
        var fault = await Assert.ThrowsAsync<InspectorBindException>(
            () => required.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains($"127.0.0.1:{host.Port}", fault.Message, StringComparison.Ordinal);

        using var optional = Server(new InspectorOptions(Port: host.Port, Required: false));
        await optional.StartAsync(TestContext.Current.CancellationToken);
        Assert.Null(optional.EndPoint);
        Assert.Equal(fault.Message, optional.Fault);
        await optional.StopAsync(TestContext.Current.CancellationToken);

        InspectorServer Server(InspectorOptions options) =>
            new(() => runner, options, NullLogger<InspectorServer>.Instance);
    }
}
