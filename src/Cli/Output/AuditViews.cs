using Spectre.Console;
using Stockpile.Core;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Text;

namespace Stockpile.Cli.Output;

/// <summary>An audit for people.</summary>
internal static class AuditViews
{
    public static void Audit(Screen screen, AuditResponse audit)
    {
        screen.Table(
            ["cell", ">epoch", ">round", ">nodes", ">lost", ">hosts", ">held", "allocations", "agrees", "member"],
            audit.Cells.Select(c => (IReadOnlyList<object?>)
            [
                c.Cell, c.Epoch, Show.Number(c.Round), Show.Number(c.Nodes), Show.Number(c.NodesLost),
                c.Hosts == c.HostsAsked ? Show.Number(c.Hosts) : $"{c.Hosts} of {c.HostsAsked}",
                Show.Number(c.Allocations), c.Digest, Agrees(c.Agrees), c.Member,
            ]));
        if (audit.Findings.Count > 0)
        {
            screen.Heading("Findings");
            screen.Table(
                ["kind", "cell", "host", "node", ">allocation", "what"],
                audit.Findings.Select(f => (IReadOnlyList<object?>)
                    [f.Kind, f.Cell, f.Host, f.Node, f.Allocation, f.Message]));
        }

        var passed = audit.Passed == 0 ? "" : $", {Show.Number(audit.Passed)} passed by themselves";
        var found = audit.Clean ? "clean" : Wording.Count(audit.Findings.Count, "finding");
        screen.Line($"{found} after {Wording.Count(audit.Looks, "look")}{passed}");
    }

    private static Shade Agrees(bool agrees) => agrees ? new Shade("yes", Color.Green) : new Shade("no", Color.Red);
}
