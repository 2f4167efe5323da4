using System.CommandLine;
using Stockpile.Cli.Client;
using Stockpile.Cli.Output;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Mapping;

namespace Stockpile.Cli.Commands;

/// <summary><c>stockpile job ID</c></summary>
internal static class JobCommand
{
    public static Command Create(CliContext context) => ClientVerb.ForId(
        context, "job", "Show a job", "The job's id, such as north-17", async (id, session, cancel) =>
            session.Show(await session.Client.GetAsync<JobResponse>($"jobs/{id}", cancel), JobViews.One));
}

/// <summary><c>stockpile cancel ID</c></summary>
internal static class CancelCommand
{
    public static Command Create(CliContext context) => ClientVerb.ForId(
        context, "cancel", "Cancel a job; an array fails with a part of it", "The job's id, such as north-17",
        async (id, session, cancel) =>
            session.Show(await session.Client.DeleteAsync<JobResponse>($"jobs/{id}", cancel),
                (screen, job) => screen.Line(job.ToCancelLine())));
}

/// <summary><c>stockpile why ID</c></summary>
internal static class WhyCommand
{
    public static Command Create(CliContext context) => ClientVerb.ForId(
        context, "why", "Say why a job is where it is, or why it is pending", "The job's id, such as north-17",
        async (id, session, cancel) =>
            session.Show(await session.Client.GetAsync<WhyResponse>($"jobs/{id}/why", cancel), WhyViews.Why));
}

/// <summary><c>stockpile history ID</c></summary>
internal static class HistoryCommand
{
    public static Command Create(CliContext context)
    {
        var verb = new ClientVerb(context, "history", "Show a job's events from the journal");
        var id = new Argument<string>("id") { Description = "The job's id, such as north-17" };
        verb.Command.Add(id);
        var query = new QueryText().Pages(verb.Command);
        return verb.Runs(async (parsed, session, cancel) =>
        {
            var path = $"jobs/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}/history";
            return session.Show(
                await query.GetAsync<HistoryResponse>(session.Client, path, "events", parsed, cancel),
                JobViews.History);
        });
    }
}

/// <summary><c>stockpile node ID</c></summary>
internal static class NodeCommand
{
    public static Command Create(CliContext context) => ClientVerb.ForId(
        context, "node", "Show a node", "The node's id", async (id, session, cancel) =>
            session.Show(await session.Client.GetAsync<NodeResponse>($"nodes/{id}", cancel), FleetViews.Node));
}

/// <summary><c>stockpile drain ID</c></summary>
internal static class DrainCommand
{
    public static Command Create(CliContext context)
    {
        var verb = new ClientVerb(context, "drain", "Give a node no new work; what runs there moves or may finish. "
            + "The last drain decides: one without --deadline lifts the deadline that there is");
        var id = new Argument<string>("id") { Description = "The node's id" };
        var deadline = new Option<string?>("--deadline")
        {
            Description = "The node is empty in so much simulated time: what would not be done by then moves",
            HelpName = "DURATION",
        };
        var cordon = new Option<bool>("--cordon") { Description = "Move nothing: all that runs there may finish" };
        verb.Command.Add(id);
        verb.Command.Add(deadline);
        verb.Command.Add(cordon);
        return verb.Runs(async (parsed, session, cancel) =>
        {
            var query = parsed.GetValue(cordon) ? "?cordon=true" : "";
            if (parsed.GetValue(deadline) is { } within)
                query += $"{(query.Length == 0 ? '?' : '&')}deadline={Uri.EscapeDataString(within)}";
            var path = $"nodes/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}/drain{query}";
            return session.Show(await session.Client.PostAsync<NodeResponse>(path, null, null, cancel),
                (screen, node) => screen.Line(node.ToLine(parsed.GetValue(cordon))));
        });
    }
}

/// <summary><c>stockpile resume ID</c></summary>
internal static class ResumeCommand
{
    public static Command Create(CliContext context) => ClientVerb.ForId(
        context, "resume", "Give a drained node work again", "The node's id", async (id, session, cancel) =>
            session.Show(await session.Client.PostAsync<NodeResponse>($"nodes/{id}/resume", null, null, cancel),
                (screen, node) => screen.Line($"{node.Id} is {node.State}")));
}
