using System.CommandLine;
using Stockpile.Cli.Client;
using Stockpile.Cli.Output;
using Stockpile.Core;
using Stockpile.Scheduler.Api.Contracts;

namespace Stockpile.Cli.Commands;

/// <summary><c>stockpile jobs</c></summary>
internal static class JobsCommand
{
    public static Command Create(CliContext context)
    {
        var verb = new ClientVerb(context, "jobs", "List jobs, newest first");
        var query = new QueryText()
            .Filter(verb.Command, "state", "Only jobs in this state",
                "pending", "idle", "placed", "running", "completed", "cancelled", "failed")
            .Filter(verb.Command, "kind", "Only jobs of this kind", "training", "inference", "batch")
            .Filter(verb.Command, "tenant", "Only jobs of this tenant")
            .Filter(verb.Command, "cell", "Only jobs of this cell")
            .Pages(verb.Command);
        return verb.Runs(async (parsed, session, cancel) =>
        {
            var jobs = await query.GetAsync<JobListResponse>(session.Client, "jobs", "jobs", parsed, cancel);
            if (jobs.Value.Total == 0) await KnownCell.CheckAsync(parsed, session, cancel);
            return session.Show(jobs, JobViews.List);
        });
    }
}

/// <summary><c>stockpile nodes</c></summary>
internal static class NodesCommand
{
    public static Command Create(CliContext context)
    {
        var verb = new ClientVerb(context, "nodes", "List nodes");
        var query = new QueryText()
            .Filter(verb.Command, "cell", "Only nodes of this cell")
            .Filter(verb.Command, "model", "Only nodes with this accelerator model")
            .Filter(verb.Command, "tier", "Only nodes of this tier")
            .Filter(verb.Command, "state", "Only nodes in this state", "ready", "draining", "resting", "lost",
                "refused")
            .Pages(verb.Command);
        return verb.Runs(async (parsed, session, cancel) =>
        {
            var nodes = await query.GetAsync<NodeListResponse>(session.Client, "nodes", "nodes", parsed, cancel);
            if (nodes.Value.Total == 0) await KnownCell.CheckAsync(parsed, session, cancel);
            return session.Show(nodes, FleetViews.Nodes);
        });
    }
}

/// <summary>A list of a cell that does not exist is empty, and says no more.</summary>
internal static class KnownCell
{
    /// <exception cref="CliException">The command names a cell that is not known.</exception>
    public static async Task CheckAsync(ParseResult parsed, Session session, CancellationToken cancel)
    {
        if (parsed.GetValue<string?>("--cell") is not { Length: > 0 } cell) return;
        var known = (await session.Client.GetAsync<CellListResponse>("cells", cancel)).Value.Cells
            .Select(c => c.Cell).Order(StringComparer.Ordinal).ToList();
        if (known.Contains(cell)) return;
        throw new CliException(ExitCodes.Refused, $"there is no cell {Names.Shorten(cell)}; "
            + (known.Count == 0 ? "no cell is known" : $"known: {string.Join(", ", known)}"));
    }
}

/// <summary><c>stockpile fleet</c></summary>
internal static class FleetCommand
{
    public static Command Create(CliContext context)
    {
        var verb = new ClientVerb(context, "fleet", "Show capacity and use by tier and model");
        var query = new QueryText().Filter(
            verb.Command, "at", "Show the fleet as the journal had it at this time, such as 2024-05-01T12:00:00Z");
        return verb.Runs(async (parsed, session, cancel) => session.Show(
            await session.Client.GetAsync<FleetResponse>(query.Path("fleet", parsed), cancel), FleetViews.Fleet));
    }
}

/// <summary><c>stockpile cells</c></summary>
internal static class CellsCommand
{
    public static Command Create(CliContext context) =>
        new ClientVerb(context, "cells", "List cells").Runs(async (_, session, cancel) => session.Show(
            await session.Client.GetAsync<CellListResponse>("cells", cancel), FleetViews.Cells));
}
