using Stockpile.Protocol.V1;

namespace Stockpile.Node.Tests.Hosts;

public sealed class HostAuditTests : HostSpec
{
    [Fact]
    public async Task A_host_answers_an_audit_with_what_runs_and_what_ended_unacknowledged()
    {
        await StartAdmittedAsync("n1", "n2");
        await RunAsync(Start("n1", 7, mask: 1));
        await RunAsync(Start("n1", 8, mask: 2, hours: 5));
        Clock.Advance(Hour);
        var completed = await ReportAsync(ReportKind.Completed, 7);
        Fault("n2", FaultKind.Fail);
        await ReportAsync(ReportKind.NodeFailed, 0);

        var audit = await AuditAsync();
        Assert.Equal(("h1", 1_000L, "north", 1L), (audit.Host, audit.HostIncarnation, audit.Cell, audit.Epoch));
        Assert.Equal(
            new HostedNode { Node = "n1", Incarnation = 1_000, Up = true, Running = { 8 }, Ended = { 7 } },
            audit.Nodes[0]);
        Assert.Equal(new HostedNode { Node = "n2", Incarnation = 1_000 }, audit.Nodes[1]);

        Ack(completed);
        Assert.Empty((await AuditAsync()).Nodes[0].Ended);
    }

    /// <summary>Through the cell, whose answer goes to whoever asked: here the same probe.</summary>
    private Task<HostAudit> AuditAsync()
    {
        Tell(new AuditHost { Cell = "north", Host = "h1" });
        return NextAsync<HostAudit>();
    }
}
