using System.Diagnostics;
using System.Text.Json;
using Akka.Actor;
using Akka.Cluster;
using Stockpile.Core;
using Stockpile.Inspect.Catalogue;
using Stockpile.Scheduler.Api.Json;
using static Stockpile.Inspect.Catalogue.InspectCommand;

namespace Stockpile.Inspect.Palettes;

/// <summary>The actor system, and the actors in it by name.</summary>
public static class ActorPalette
{
    private const int DepthDefault = 4;
    private const int DepthMax = 64;
    private const int ChildrenMax = 100_000;
    private const int DeadlineDefault = 5;
    private const int DeadlineMax = 60;

    private static readonly CommandArgument[] HierarchyArguments =
    [
        new("start", "Path to start at; by default /user", "-s"),
        new("depth", $"Levels below the start, 0 to {DepthMax}; by default {DepthDefault}", "-d"),
        new("children", $"Most children shown of one actor, 1 to {ChildrenMax}; by default "
            + $"{InspectLimits.HierarchyChildrenDefault}", "-c"),
        new("time", $"Seconds that all members have together, 1 to {DeadlineMax}; by default {DeadlineDefault}", "-t"),
        new("local", "Only the member that answers", "-l") { Flag = true },
    ];

    public static Palette Create(ActorSystem system, IMembers members) => new("actor", "Actors of the cluster",
    [
        Look("system", "The actor system: name, address, uptime, dispatcher, number of actors", [],
            (_, answer, _) => SystemAsync(system, answer)),
        Look("hierarchy", "Paths of the actors on all members, sorted", HierarchyArguments,
            (call, answer, cancel) => HierarchyAsync(system, members, call, answer, cancel)),
    ]);

    private static async Task SystemAsync(ActorSystem system, IAnswer answer)
    {
        var dispatcher = system.Settings.Config.GetConfig("akka.actor.default-dispatcher");
        var (user, userEnded) = Count(system, "/user");
        var (inner, innerEnded) = Count(system, "/system");
        var data = new
        {
            system.Name,
            Address = Cluster.Get(system).SelfAddress.ToString(),
            UptimeSeconds = Math.Floor(system.Uptime.TotalSeconds),
            AkkaVersion = typeof(ActorSystem).Assembly.GetName().Version?.ToString(3),
            Provider = system.Settings.ProviderClass.Split(',')[0],
            Dispatcher = dispatcher.GetString("executor"),
            Throughput = dispatcher.GetInt("throughput"),
            UserActors = user,
            SystemActors = inner,
        };
        await answer.LineAsync($"name           {data.Name}", data);
        await answer.LineAsync($"address        {data.Address}");
        await answer.LineAsync($"uptime         {SystemPalette.Duration(system.Uptime)}");
        await answer.LineAsync($"akka           {data.AkkaVersion}, {data.Provider}");
        await answer.LineAsync($"dispatcher     {data.Dispatcher}, throughput {data.Throughput}");
        await answer.LineAsync($"user actors    {user}{(userEnded ? " or more" : "")}");
        await answer.LineAsync($"system actors  {inner}{(innerEnded ? " or more" : "")}");
    }

    private static (int Actors, bool Ended) Count(ActorSystem system, string path)
    {
        var rows = ActorTree.Walk(
            system, ActorTree.Find(system, path)!, DepthMax, ChildrenMax, () => false, out var ended);
        return (rows.Count(r => r.More == 0), ended);
    }

    private static async Task HierarchyAsync(
        ActorSystem system, IMembers members, CommandCall call, IAnswer answer, CancellationToken cancel)
    {
        var start = call.Find("start") ?? "/user";
        if (!start.StartsWith('/'))
            throw new CommandRefusedException($"start is '{Names.Shorten(start)}'; allowed: a path such as /user/host");
        var depth = call.GetInt("depth", 0, DepthMax, DepthDefault);
        var children = call.GetInt("children", 1, ChildrenMax, InspectLimits.HierarchyChildrenDefault);
        var seconds = call.GetInt("time", 1, DeadlineMax, DeadlineDefault);
        var began = Stopwatch.GetTimestamp();
        var own = Own(system, start, depth, children, () => Stopwatch.GetElapsedTime(began).TotalSeconds > seconds);
        if (call.Has("local"))
        {
            await TellAsync(answer, own.Rows);
            if (own.Ended) await EndedAsync(answer, members.Self);
            return;
        }

        string[] words =
        [
            call.Palette.Name, call.Command.Name, "-s", start, "-d", $"{depth}", "-c", $"{children}", "-t",
            $"{seconds}", "-l",
        ];
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(seconds));
        var others = await Task.WhenAll(members.All().Where(m => m.Address != members.Self.Address)
            .Select(member => AskAsync(members, member, words, seconds, deadline.Token)));
        cancel.ThrowIfCancellationRequested();
        var all = others.Append(new OnMember(members.Self, own.Rows, own.Ended, null))
            .OrderBy(m => m.Member.Address, StringComparer.Ordinal).ToArray();
        foreach (var member in all) await TellAsync(answer, member.Rows);
        foreach (var member in all)
        {
            if (member.Ended) await EndedAsync(answer, member.Member);
            if (member.Error is not null) await MissingAsync(answer, member.Member, member.Error);
        }

        var actors = all.Sum(m => m.Rows.Count(r => r.More == 0));
        if (actors == 0 && all.All(m => m.Error is null))
            throw new CommandRefusedException($"no member has an actor at {Names.Shorten(start, 200)}");
        await answer.LineAsync($"Count: {actors} actors on {all.Count(m => m.Rows.Count > 0)} of {all.Length} members");
    }

    private static (IReadOnlyList<ActorRow> Rows, bool Ended) Own(
        ActorSystem system, string start, int depth, int children, Func<bool> isLate)
    {
        if (ActorTree.Find(system, start) is not { } top) return ([], false);
        var rows = ActorTree.Walk(system, top, depth, children, isLate, out var ended);
        return (rows, ended);
    }

    private static async Task<OnMember> AskAsync(
        IMembers members, MemberName member, string[] words, int seconds, CancellationToken deadline)
    {
        var rows = new Rows();
        var result = await members.RunAsync(member, words, rows, deadline);
        var error = deadline.IsCancellationRequested ? $"no full answer within {seconds} s" : result.Error;
        return new OnMember(member, rows.All, rows.Ended, error);
    }

    private static async Task TellAsync(IAnswer answer, IReadOnlyList<ActorRow> rows)
    {
        foreach (var row in rows)
            await answer.LineAsync(row.More == 0 ? row.Path : $"{row.Path}/… {row.More} more", row);
    }

    private static ValueTask EndedAsync(IAnswer answer, MemberName member) => answer.LineAsync(
        $"truncated: {member.Address} has more; its time or the {InspectLimits.HierarchyPathsMax} lines were used up",
        new { Truncated = member.Address });

    private static ValueTask MissingAsync(IAnswer answer, MemberName member, string error) => answer.LineAsync(
        $"missing: actors of {member}: {error}", new { Missing = member.Address, Error = error });

    private sealed record OnMember(MemberName Member, IReadOnlyList<ActorRow> Rows, bool Ended, string? Error);

    /// <summary>Rows of another member, of which the last may say that there are more.</summary>
    private sealed class Rows : IAnswer
    {
        public List<ActorRow> All { get; } = [];

        public bool Ended { get; private set; }

        public ValueTask LineAsync(string text, object? data = null)
        {
            if (data is not JsonElement json) return ValueTask.CompletedTask;
            if (json.TryGetProperty("truncated", out _)) Ended = true;
            else if (json.Deserialize<ActorRow>(ApiJson.Options) is { } row) All.Add(row);
            return ValueTask.CompletedTask;
        }
    }
}
