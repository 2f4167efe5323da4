using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Text;

namespace Stockpile.Cli.Output;

/// <summary>Explanations for people.</summary>
internal static class WhyViews
{
    public static void Why(Screen screen, WhyResponse why)
    {
        screen.Facts(WhyText.Facts(why).Select(fact =>
            (fact.Name, fact.Name == WhyText.State ? Shade.State(fact.Value!) : (object?)fact.Value)));
        if (why.Elsewhere is { } others)
        {
            screen.Heading("Other cells");
            foreach (var cell in others) screen.Line($"  {cell.Cell}: {cell.Verdict}");
        }

        if (why.Changes is { Count: > 0 } changes)
        {
            screen.Heading(WhyText.ChangesHead);
            foreach (var change in changes) screen.Line($"  {change}");
        }

        if (why.Alternatives.Count == 0) return;
        screen.Heading("Alternatives");
        screen.Table(WhyText.Heads, why.Alternatives.Select(a => (IReadOnlyList<object?>)WhyText.Row(a)));
    }

    /// <summary>What would become of jobs; nothing was submitted.</summary>
    public static void WhatIf(Screen screen, IReadOnlyList<WhatIfResponse> answers)
    {
        screen.Table(
            ["name", "kind", ">size", "would be", "cell", "on", "in place of", "note"],
            answers.Select(a => (IReadOnlyList<object?>)
            [
                a.Job.Name, a.Job.Kind, JobViews.Size(a.Job), Shade.State(a.Job.State), a.Job.Cell, Where(a.Job),
                string.Join(", ", a.Evictions.Select(e =>
                    $"{e.Job} ({(e.How == "guest" ? "guest" : "preempted")}, {Show.Number(e.Devices)} {e.Model})")),
                Note(a),
            ]));
        foreach (var why in answers.Select(a => a.Why).OfType<WhyResponse>().Take(answers.Count == 1 ? 1 : 0))
        {
            screen.Line("");
            Why(screen, why);
        }

        screen.Line("nothing was submitted");
    }

    private static string Where(JobResponse job) => string.Join(", ", (job.Allocations ?? [])
        .GroupBy(a => a.Model)
        .Select(g => $"{Show.Number(g.Sum(a => a.Share is { } share ? share / 1000d : a.Devices.Count))} {g.Key} on "
            + WhyText.Nodes(g.Select(a => a.Node).Distinct().Count()) + (g.Any(a => a.Guest) ? " as a guest" : "")));

    private static string Note(WhatIfResponse answer) =>
        answer.Repeated ? $"the key is known: this is {answer.Job.Id}"
        : answer.Why is not { } why ? ""
        : why.Start is { } start ? $"would start {WhyText.Start(start, why.At)}"
        : why.Reason;
}
