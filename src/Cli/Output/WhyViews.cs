using Stockpile.Core;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Mapping;

namespace Stockpile.Cli.Output;

/// <summary>Explanations for people.</summary>
internal static class WhyViews
{
    public static void Why(Screen screen, WhyResponse why)
    {
        screen.Facts(
        [
            ("job", $"{why.Job.Id} ({why.Job.Name})"),
            ("part of", why.Job.PartOf),
            ("state", Shade.State(why.Job.State)),
            ("reason", why.Reason),
            ("never", why.Never),
            ("tried", why.Tried is { } tried ? $"last in the round at {Show.Time(tried.At)}: {tried.ToWords()}" : null),
            ("rule", why.Rule),
            ("ahead", why.AheadInQueue == 0 ? null : $"{Show.Number(why.AheadInQueue)} in the queue"),
            ("start", why.Start is { } start ? Start(start, why.At)
                : why.Job.State == "pending" && why.Never is null
                    ? "nothing that runs gives back enough in sight" : null),
            ("first", why.Start is { EndFirst.Count: > 0 } first ? Endings(first) : null),
            ("reserved", why.Reservation is { } own
                ? $"{Show.Number(own.Devices)} {own.Model} on {Nodes(own.Nodes)}, from {Show.Time(own.Start)} on"
                : null),
            ("moved", why.Moved is { } moved
                ? $"the start was {Show.Time(moved.From)} before; later as of {Show.Time(moved.At)}, because "
                    + moved.Because
                : null),
            ("held back", why.HeldBackBy is { } other
                ? $"enough is free, but {Show.Number(other.Devices)} {other.Model} are reserved for {other.Job} "
                    + $"({other.Name}) from {Show.Time(other.Start)} on, and this would still run then"
                : null),
            ("clock", why.Clock),
        ]);
        if (why.Elsewhere is not null || why.Stays is not null)
        {
            screen.Heading("Other cells");
            foreach (var cell in why.Elsewhere ?? []) screen.Line($"  {cell.Cell}: {cell.Verdict}");
            if (why.Stays is { } stays) screen.Line($"  {stays}");
        }

        if (why.Changes is { Count: > 0 } changes)
        {
            screen.Heading("What would start it now");
            foreach (var change in changes) screen.Line($"  {change}");
        }

        if (why.Alternatives.Count == 0) return;
        screen.Heading("Alternatives");
        screen.Table(
            ["model", "tier", "as", ">nodes", ">devices", ">free", ">by guests", ">used", ">own", ">of lower",
                ">away", ">fits", "start", "nodes short of", "verdict"],
            why.Alternatives.Select(a => (IReadOnlyList<object?>)
            [
                a.Model, a.Tier, a.Guest ? "guest" : "home", Show.Number(a.Nodes), Show.Number(a.Devices),
                Show.Number(a.FreeDevices), Show.Number(a.GuestHeldDevices), Show.Number(a.UsedDevices),
                Show.Number(a.OwnDevices), Show.Number(a.LowerPriorityDevices), Show.Number(a.UnavailableDevices),
                Show.Number(a.FitsNow), Show.Time(a.Start), Short(a), a.Verdict,
            ]));
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
            + Nodes(g.Select(a => a.Node).Distinct().Count()) + (g.Any(a => a.Guest) ? " as a guest" : "")));

    private static string Note(WhatIfResponse answer) =>
        answer.Repeated ? $"the key is known: this is {answer.Job.Id}"
        : answer.Why is not { } why ? ""
        : why.Start is { } start ? $"would start {Start(start, why.At)}"
        : why.Reason;

    private static string Start(StartResponse start, DateTimeOffset? now)
    {
        var wait = now is { } at && start.At > at ? $", in {Show.Duration(start.At - at)}" : "";
        var least = start.AtLeast ? "not before " : "about ";
        return $"{least}{Show.Time(start.At)}{wait}, on {Show.Number(start.Devices)} {start.Model} of "
            + $"{Nodes(start.Nodes)}";
    }

    private static string Endings(StartResponse start)
    {
        var shown = start.EndFirst.Select(e => $"{e.Job} ({e.Name}) gives {Show.Number(e.Devices)} at "
            + $"{Show.Time(e.At)}");
        var more = start.MoreEndings > 0 ? $" and {Show.Number(start.MoreEndings)} more" : "";
        return string.Join("; ", shown) + more;
    }

    private static string Nodes(int nodes) => Wording.Count(nodes, "node");

    private static string Short(AlternativeResponse a)
    {
        (int Nodes, string Of)[] all =
        [
            (a.NodesShortOfDevices, "devices"), (a.NodesShortOfCpu, "cpu"), (a.NodesShortOfMemory, "memory"),
            (a.NodesWithoutLabels, "labels"),
        ];
        return string.Join(", ", all.Where(s => s.Nodes > 0).Select(s => $"{s.Of} {Show.Number(s.Nodes)}"));
    }
}
