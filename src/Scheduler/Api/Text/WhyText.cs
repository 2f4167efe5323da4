using Stockpile.Core;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Mapping;

namespace Stockpile.Scheduler.Api.Text;

/// <summary>An explanation in words: one text for the command line and the inspector, so that neither leaves anything
/// out. How it is laid out is theirs.</summary>
public static class WhyText
{
    /// <summary>The name of the fact that is the job's state.</summary>
    public const string State = "state";

    /// <summary>What is above the changes that would start the job.</summary>
    public const string ChangesHead = "What would start it now";

    /// <summary>Columns of <see cref="Row"/>; one that begins with <c>&gt;</c> is of numbers.</summary>
    public static IReadOnlyList<string> Heads { get; } =
    [
        "model", "tier", "as", ">nodes", ">devices", ">free", ">by guests", ">used", ">own", ">of lower", ">away",
        ">fits", "start", "nodes short of", "verdict",
    ];

    /// <summary>Names and values; a value that is null or empty is left out.</summary>
    public static IReadOnlyList<(string Name, string? Value)> Facts(WhyResponse why)
    {
        ArgumentNullException.ThrowIfNull(why);
        return
        [
            ("job", $"{why.Job.Id} ({why.Job.Name})"),
            ("part of", why.Job.PartOf),
            (State, why.Job.State),
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
            ("stays", why.Stays),
            ("clock", why.Clock),
        ];
    }

    /// <summary>One alternative, in the order of <see cref="Heads"/>.</summary>
    public static string?[] Row(AlternativeResponse a)
    {
        ArgumentNullException.ThrowIfNull(a);
        return
        [
            a.Model, a.Tier, a.Guest ? "guest" : "home", Show.Number(a.Nodes), Show.Number(a.Devices),
            Show.Number(a.FreeDevices), Show.Number(a.GuestHeldDevices), Show.Number(a.UsedDevices),
            Show.Number(a.OwnDevices), Show.Number(a.LowerPriorityDevices), Show.Number(a.UnavailableDevices),
            Show.Number(a.FitsNow), Show.Time(a.Start), ShortOf(a), a.Verdict,
        ];
    }

    /// <summary>When, where, and in how long.</summary>
    /// <param name="now">Simulated; null: how long is not said.</param>
    public static string Start(StartResponse start, DateTimeOffset? now)
    {
        ArgumentNullException.ThrowIfNull(start);
        var wait = now is { } at && start.At > at ? $", in {Show.Duration(start.At - at)}" : "";
        var least = start.AtLeast ? "not before " : "about ";
        return $"{least}{Show.Time(start.At)}{wait}, on {Show.Number(start.Devices)} {start.Model} of "
            + $"{Nodes(start.Nodes)}";
    }

    public static string Nodes(int nodes) => Wording.Count(nodes, "node");

    private static string Endings(StartResponse start)
    {
        var shown = start.EndFirst.Select(e => $"{e.Job} ({e.Name}) gives {Show.Number(e.Devices)} at "
            + $"{Show.Time(e.At)}");
        var more = start.MoreEndings > 0 ? $" and {Show.Number(start.MoreEndings)} more" : "";
        return string.Join("; ", shown) + more;
    }

    private static string ShortOf(AlternativeResponse a)
    {
        (int Nodes, string Of)[] all =
        [
            (a.NodesShortOfDevices, "devices"), (a.NodesShortOfCpu, "cpu"), (a.NodesShortOfMemory, "memory"),
            (a.NodesWithoutLabels, "labels"),
        ];
        return string.Join(", ", all.Where(s => s.Nodes > 0).Select(s => $"{s.Of} {Show.Number(s.Nodes)}"));
    }
}
