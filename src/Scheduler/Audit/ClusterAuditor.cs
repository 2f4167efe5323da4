using Stockpile.Core.Audit;
using Stockpile.Core.State;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Audit;

/// <summary>Asks one cell, once. Null: it does not answer.</summary>
public delegate Task<IWireMessage?> AskOnce(ICellMessage message, CancellationToken cancel);

/// <summary>
/// Looks at the journal, the cells and the hosts until they agree, a few times at most. A finding counts only when
/// every look had it: answers of a cluster in motion are not of one instant.
/// </summary>
public sealed class ClusterAuditor(AskOnce ask, JournalReader journal, TimeProvider real)
{
    public const int LooksMax = 3;

    /// <summary>Replays side by side; each reads as fast as the journal gives.</summary>
    private const int CellsAtOnce = 4;

    private const int HostsAtOnce = 16;

    /// <summary>Between two looks, in real time: longer than a report takes to be acknowledged.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1.5);

    public async Task<AuditReport> RunAsync(CancellationToken cancel)
    {
        var replays = new Dictionary<string, JournalReplay>(StringComparer.Ordinal);
        IReadOnlyList<AuditFinding>? first = null;
        IReadOnlyList<AuditFinding> findings = [];
        for (var look = 1; ; look++)
        {
            var cells = await LookAsync(replays, cancel).ConfigureAwait(false);
            var seen = AuditComparison.Compare(cells);
            findings = first is null ? seen : AuditComparison.StillThere(findings, seen);
            first ??= seen;
            if (findings.Count == 0 || look == LooksMax)
                return new AuditReport(
                    [.. cells.Select(c => Row(c, findings))], findings, look, first.Count - findings.Count);
            await Task.Delay(Pause, real, cancel).ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<CellLook>> LookAsync(
        Dictionary<string, JournalReplay> replays, CancellationToken cancel)
    {
        var cells = await CellsAsync().ConfigureAwait(false);
        foreach (var cell in cells) replays.TryAdd(cell, journal.Replay(cell));
        var looks = new CellLook[cells.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, cells.Count),
            new ParallelOptions { MaxDegreeOfParallelism = CellsAtOnce, CancellationToken = cancel },
            async (i, stop) => looks[i] =
                await LookAtAsync(cells[i], replays[cells[i]], stop).ConfigureAwait(false)).ConfigureAwait(false);
        return looks;
    }

    private async Task<IReadOnlyList<string>> CellsAsync()
    {
        try
        {
            return await journal.CellsAsync().ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            throw new ClusterUnavailableException(
                $"the journal does not answer: {fault.Message}", TimeSpan.FromSeconds(1));
        }
    }

    private async Task<CellLook> LookAtAsync(string cell, JournalReplay replay, CancellationToken cancel)
    {
        if (await AuditAsync(cell, cancel).ConfigureAwait(false) is not { } audit)
            return new CellLook(cell, null, null, []);
        var claim = audit.ToClaim();
        // The hosts at once, for what they say ages; the journal's past does not change.
        var hosts = await HostsAsync(claim, cancel).ConfigureAwait(false);
        return new CellLook(cell, claim, await ReplayedAsync(replay, claim.Round, cancel).ConfigureAwait(false), hosts);
    }

    private async Task<IReadOnlyList<HostClaim>> HostsAsync(CellClaim claim, CancellationToken cancel)
    {
        var answers = new HostClaim?[claim.Hosts.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, answers.Length),
            new ParallelOptions { MaxDegreeOfParallelism = HostsAtOnce, CancellationToken = cancel },
            async (i, stop) =>
            {
                answers[i] = (await AuditAsync(claim.Cell, claim.Hosts[i], stop).ConfigureAwait(false))?.ToClaim();
            }).ConfigureAwait(false);
        return [.. answers.OfType<HostClaim>()];
    }

    /// <summary>All parts of what a cell says; null: it does not answer, or could not tell them all.</summary>
    private async Task<CellAudit?> AuditAsync(string cell, CancellationToken cancel)
    {
        var message = new AuditCell { Cell = cell };
        if (await ask(message, cancel).ConfigureAwait(false) is not CellAudit whole) return null;
        while (whole.Next > 0)
        {
            message = new AuditCell { Cell = cell, From = whole.Next, Epoch = whole.Epoch, Round = whole.Round };
            if (await ask(message, cancel).ConfigureAwait(false) is not CellAudit { Next: >= 0 } part) return null;
            whole.Nodes.AddRange(part.Nodes);
            whole.Next = part.Next;
        }

        return whole;
    }

    private async Task<HostAudit?> AuditAsync(string cell, string host, CancellationToken cancel)
    {
        var message = new AuditHost { Cell = cell, Host = host };
        if (await ask(message, cancel).ConfigureAwait(false) is not HostAudit whole) return null;
        while (whole.Next > 0)
        {
            message = new AuditHost { Cell = cell, Host = host, From = whole.Next };
            if (await ask(message, cancel).ConfigureAwait(false) is not HostAudit part) return null;
            whole.Nodes.AddRange(part.Nodes);
            whole.Next = part.Next;
        }

        return whole;
    }

    private static async Task<JournalClaim> ReplayedAsync(
        JournalReplay replay, long round, CancellationToken cancel)
    {
        try
        {
            var state = await replay.ToAsync(round, cancel).ConfigureAwait(false);
            return new JournalClaim(state.RoundNumber, AllocationsHash.Of(state), replay.Epoch);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // A row that cannot be read, or that breaks an invariant: the other cells are compared all the same.
            return new JournalClaim(0, "", 0, fault.Message);
        }
    }

    private static AuditedCell Row(CellLook look, IReadOnlyList<AuditFinding> findings)
    {
        var found = findings.Count(f => f.Cell == look.Cell);
        return look.Claim is not { } claim
            ? new AuditedCell(look.Cell, "", 0, 0, null, 0, 0, 0, "", 0, 0, found)
            : new AuditedCell(
                claim.Cell, claim.Member, claim.Epoch, claim.Round, claim.At, claim.Nodes.Count,
                claim.Nodes.Count(n => n.Lost), claim.Nodes.Sum(n => n.Allocations.Count), claim.Digest,
                look.Hosts.Count, claim.Hosts.Count, found);
    }
}
