using System.Globalization;
using System.Numerics;

namespace Stockpile.Core.Audit;

/// <summary>
/// Compares what the journal, the cells and the hosts say. Pure. The answers of one look are not of one instant, so a
/// cluster in motion gives findings that are none: <see cref="StillThere"/> keeps those that a later look has as well.
/// </summary>
public static class AuditComparison
{
    /// <summary>All that disagrees in one look, cell by cell.</summary>
    public static IReadOnlyList<AuditFinding> Compare(IReadOnlyList<CellLook> cells)
    {
        var findings = new List<AuditFinding>();
        foreach (var cell in cells) findings.AddRange(Within(cell));
        findings.AddRange(Across(cells));
        return findings;
    }

    /// <summary>The findings of a look that the one before it had as well.</summary>
    public static IReadOnlyList<AuditFinding> StillThere(
        IReadOnlyList<AuditFinding> before, IReadOnlyList<AuditFinding> now)
    {
        var known = before.Select(f => f.Identity).ToHashSet();
        return [.. now.Where(f => known.Contains(f.Identity))];
    }

    private static IEnumerable<AuditFinding> Within(CellLook look)
    {
        if (look.Claim is not { } claim)
            return [new AuditFinding(AuditKind.CellSilent, look.Cell, "", 0,
                $"cell {look.Cell} does not answer, and the journal knows it")];
        var answered = look.Hosts.ToDictionary(h => h.Host, StringComparer.Ordinal);
        var hosted = look.Hosts.SelectMany(h => h.Nodes.Select(n => (h.Host, Node: n)))
            .ToDictionary(n => (n.Host, n.Node.Node), n => n.Node);
        return JournalFindings(look.Journal, claim)
            .Concat(HostFindings(claim, answered))
            .Concat(claim.Nodes.Where(n => answered.ContainsKey(n.Host)).SelectMany(
                node => NodeFindings(claim, node, hosted.GetValueOrDefault((node.Host, node.Node)))))
            .Concat(StrangerFindings(claim, look.Hosts))
            .Select(f => f with { Epoch = claim.Epoch });
    }

    private static IEnumerable<AuditFinding> JournalFindings(JournalClaim? journal, CellClaim claim)
    {
        if (journal is null) yield break;
        var at = Say($"at round {claim.Round}");
        if (journal.Broken is { } why)
            yield return Of(AuditKind.JournalBroken, claim, Say($"the journal cannot be replayed: {why}"));
        else if (journal.Round < claim.Round)
            yield return Of(AuditKind.JournalDiffers, claim,
                Say($"the cell is {at}, and its journal ends with round {journal.Round}"));
        else if (journal.Digest != claim.Digest)
            yield return Of(AuditKind.JournalDiffers, claim,
                $"{at} the cell holds the allocations {claim.Digest}, the journal {journal.Digest}");
        if (journal.Epoch > claim.Epoch)
            yield return Of(AuditKind.TwoOwners, claim, Say(
                $"{claim.Member} answers with epoch {claim.Epoch}, and the journal has epoch {journal.Epoch}"));
    }

    private static IEnumerable<AuditFinding> HostFindings(
        CellClaim claim, Dictionary<string, HostClaim> answered)
    {
        foreach (var host in claim.Nodes.Where(n => !n.Lost).Select(n => n.Host).Distinct(StringComparer.Ordinal))
            if (!answered.ContainsKey(host))
                yield return Of(AuditKind.HostSilent, claim,
                    $"host {host} has nodes of the cell and does not answer") with { Host = host };
        foreach (var host in answered.Values.Where(h => h.Epoch > claim.Epoch))
            yield return Of(AuditKind.TwoOwners, claim, Say(
                $"{claim.Member} answers with epoch {claim.Epoch}, and host {host.Host} has seen {host.Epoch}"))
                with { Host = host.Host };
    }

    private static IEnumerable<AuditFinding> NodeFindings(CellClaim claim, ClaimedNode node, HostedNodeClaim? hosted)
    {
        if (hosted is null)
        {
            if (!node.Lost)
                yield return Of(AuditKind.NodeMissing, claim, node.Node,
                    $"the cell has node {node.Node} at host {node.Host}, which does not have it");
            yield break;
        }

        if (node.Lost == hosted.Up)
        {
            var (cell, host) = node.Lost ? ("lost", "up") : ("in use", "down");
            yield return Of(AuditKind.NodeStateDiffers, claim, node.Node,
                $"node {node.Node} is {cell} for the cell and {host} for its host {node.Host}");
        }

        // What each says of the allocations of another incarnation is no news.
        if (node.Incarnation != hosted.Incarnation)
        {
            // A lost node comes back as a later one; until then the two may differ.
            if (!node.Lost || hosted.Up)
                yield return Of(AuditKind.IncarnationDiffers, claim, node.Node, Say(
                    $"node {node.Node} is incarnation {node.Incarnation} for its cell")
                    + Say($", {hosted.Incarnation} for its host"));
            yield break;
        }

        if (!hosted.Up) yield break;
        foreach (var allocation in node.Allocations)
            if (allocation.Stage == ClaimedStage.Running && !hosted.Running.Contains(allocation.Sequence)
                && !hosted.Ended.Contains(allocation.Sequence))
                yield return Of(AuditKind.NotRunning, claim, node.Node, Say(
                    $"the cell has allocation {allocation.Sequence} running on {node.Node}, which does not run it"),
                    allocation.Sequence);
    }

    /// <summary>What the hosts have beyond what the cell knows.</summary>
    private static IEnumerable<AuditFinding> StrangerFindings(CellClaim claim, IReadOnlyList<HostClaim> hosts)
    {
        var nodes = claim.Nodes.ToDictionary(n => n.Node, StringComparer.Ordinal);
        foreach (var host in hosts)
            foreach (var hosted in host.Nodes.Where(n => n.Up))
            {
                if (!nodes.TryGetValue(hosted.Node, out var node))
                {
                    yield return Of(AuditKind.NodeUnknown, claim, hosted.Node,
                        $"host {host.Host} has node {hosted.Node} up, which the cell does not know")
                        with { Host = host.Host };
                    node = new ClaimedNode(hosted.Node, host.Host, 0, Lost: true, []);
                }

                foreach (var sequence in hosted.Running)
                {
                    var known = node.Allocations.FirstOrDefault(a => a.Sequence == sequence);
                    if (known is { Stage: not ClaimedStage.Finished }) continue;
                    var what = known is null ? "does not have there" : "has as finished";
                    yield return Of(AuditKind.RunsUnknown, claim, hosted.Node, Say(
                        $"node {hosted.Node} runs allocation {sequence}, which the cell {what}"), sequence)
                        with { Host = host.Host };
                }
            }
    }

    /// <summary>What no cell and no host sees alone.</summary>
    private static IEnumerable<AuditFinding> Across(IReadOnlyList<CellLook> looks)
    {
        var claims = looks.Where(l => l.Claim is not null).Select(l => l.Claim!).ToList();
        foreach (var node in claims.SelectMany(c => c.Nodes.Where(n => !n.Lost).Select(n => (Cell: c, Node: n)))
                     .GroupBy(n => n.Node.Node, StringComparer.Ordinal))
        {
            var (cell, claimed) = node.First();
            if (node.Count() > 1)
                yield return Of(AuditKind.NodeInTwoCells, cell, node.Key,
                    $"node {node.Key} is in the cells {string.Join(" and ", node.Select(n => n.Cell.Cell))}")
                    with { Epoch = cell.Epoch };
            if (HeldTwice(node.SelectMany(n => n.Node.Allocations)).ToList() is { Count: > 0 } devices)
                yield return Of(AuditKind.DeviceHeldTwice, cell, node.Key,
                    $"more than the whole is bound of device {string.Join(", ", devices)} of node {node.Key}")
                    with { Epoch = cell.Epoch, Host = claimed.Host };
        }

        var hosts = looks.SelectMany(l => l.Hosts).ToList();
        foreach (var node in hosts.SelectMany(h => h.Nodes.Where(n => n.Up).Select(n => (h.Host, h.Cell, n.Node)))
                     .Distinct().GroupBy(n => n.Node, StringComparer.Ordinal))
            if (node.Select(n => n.Host).Distinct(StringComparer.Ordinal).ToList() is { Count: > 1 } both)
                yield return new AuditFinding(AuditKind.NodeOnTwoHosts, node.First().Cell, node.Key, 0,
                    $"node {node.Key} is up at the hosts {string.Join(" and ", both)}");

        foreach (var run in hosts.SelectMany(h => h.Nodes.Where(n => n.Up)
                         .SelectMany(n => n.Running.Select(s => (h.Cell, Sequence: s, n.Node))))
                     .Distinct().GroupBy(r => (r.Cell, r.Sequence)).Where(r => r.Count() > 1))
            yield return new AuditFinding(AuditKind.OnTwoNodes, run.Key.Cell, run.First().Node, run.Key.Sequence,
                Say($"allocation {run.Key.Sequence} of cell {run.Key.Cell} runs on the nodes ")
                + string.Join(" and ", run.Select(r => r.Node)));
    }

    private static IEnumerable<int> HeldTwice(IEnumerable<ClaimedAllocation> allocations)
    {
        var held = new int[sizeof(uint) * 8];
        foreach (var allocation in allocations)
            for (var mask = allocation.DeviceMask; mask != 0; mask &= mask - 1)
                held[BitOperations.TrailingZeroCount(mask)] +=
                    allocation.ShareMilli > 0 ? allocation.ShareMilli : Limits.MilliPerDevice;
        for (var device = 0; device < held.Length; device++)
            if (held[device] > Limits.MilliPerDevice)
                yield return device;
    }

    private static AuditFinding Of(AuditKind kind, CellClaim claim, string sentence) =>
        Of(kind, claim, "", sentence);

    private static AuditFinding Of(
        AuditKind kind, CellClaim claim, string node, string sentence, long sequence = 0) =>
        new(kind, claim.Cell, node, sequence, sentence);

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
