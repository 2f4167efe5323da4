namespace Stockpile.Scheduler.Tests.Api;

public sealed class AuditTests : IAsyncLifetime
{
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task An_audit_shows_the_cells_and_what_was_found()
    {
        _host.Gateway.Audit = ApiHost.Disagreeing;
        var reply = await _host.Http.SendAsync("GET", "/api/v1/audit");

        Assert.Equal(200, reply.Status);
        Assert.False(reply.Json.GetProperty("clean").GetBoolean());
        Assert.Equal(3, reply.Json.GetProperty("looks").GetInt32());
        Assert.Equal(4, reply.Json.GetProperty("passed").GetInt32());
        var cells = reply.Json.GetProperty("cells");
        Assert.Equal(
            """{"cell":"south","epoch":0,"round":0,"nodes":0,"nodesLost":0,"allocations":0,"hosts":0,"hostsAsked":0,"""
            + "\"agrees\":false}", cells[1].GetRawText());
        Assert.Equal(2, cells[0].GetProperty("hostsAsked").GetInt32());
        Assert.Equal(
            """{"kind":"not-running","cell":"north","host":"h1","node":"n1","allocation":7,"""
            + "\"message\":\"node n1 does not run allocation 7\"}",
            reply.Json.GetProperty("findings")[0].GetRawText());
    }

    [Fact]
    public async Task An_audit_without_findings_is_clean()
    {
        var reply = await _host.Http.SendAsync("GET", "/api/v1/audit");
        Assert.True(reply.Json.GetProperty("clean").GetBoolean());
        Assert.Empty(reply.Json.GetProperty("findings").EnumerateArray());
    }

    [Fact]
    public async Task An_audit_takes_no_parameters() => (await _host.Http.SendAsync("GET", "/api/v1/audit?cell=north"))
        .IsProblem(400, Core.Refusal.Invalid, "cell", "none");
}
