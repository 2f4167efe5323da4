using Akka.Actor;
using Akka.Cluster;
using Stockpile.Core;
using Stockpile.Inspect.Agent;
using Stockpile.Inspect.Catalogue;
using static Stockpile.Inspect.Catalogue.InspectCommand;

namespace Stockpile.Inspect.Palettes;

/// <summary>Membership, as the member that answers sees it.</summary>
public static class ClusterPalette
{
    private static readonly CommandArgument Address = new("address", "The member: its address or host:port", "-a")
    {
        Mandatory = true,
    };

    public static Palette Create(ActorSystem system)
    {
        var cluster = Cluster.Get(system);
        return new Palette("cluster", "Membership of the cluster",
        [
            Look("show", "Every member with its roles, status, reachability and version", [],
                (_, answer, _) => ShowAsync(cluster, answer)),
            Look("status", "This member: address, roles, status, leader, whom it cannot reach", [],
                (_, answer, _) => StatusAsync(cluster, answer)),
            Look("leader", "The leader, and the leader among the members of each role", [],
                (_, answer, _) => LeaderAsync(cluster, answer)),
            new("leave", "Let a member leave in good order; this one unless another is named",
                [Address with { Mandatory = false }], (call, answer, _) => LeaveAsync(cluster, call, answer)),
            new("join", "Let this member join the cluster of another one", [Address],
                (call, answer, _) => JoinAsync(cluster, call, answer)),
            new("down", "Put a member out that will not come back", [Address],
                (call, answer, _) => DownAsync(cluster, call, answer)),
            new("down-unreachable", "Put out every member that is unreachable", [],
                (_, answer, _) => DownUnreachableAsync(cluster, answer)),
            Look("tail", "Membership and reachability as they change", [],
                (_, answer, cancel) => ClusterTail.RunAsync(system, answer, cancel)) with { Streams = true },
        ]);
    }

    /// <summary>A member as <c>show</c> writes it, in the form known from pbm.</summary>
    internal static string Line(Member member, bool isUnreachable) =>
        $"{member.Address} | [{string.Join(",", Roles(member))}] | {Status(member)} | "
        + $"{(isUnreachable ? "unreachable" : "")} | {member.AppVersion}";

    internal static string[] Roles(Member member) => [.. member.Roles.Order(StringComparer.Ordinal)];

    internal static string Status(Member member) => member.Status.ToString().ToLowerInvariant();

    private static async Task ShowAsync(Cluster cluster, IAnswer answer)
    {
        var state = cluster.State;
        var members = state.Members.OrderBy(m => m.Address.ToString(), StringComparer.Ordinal).ToArray();
        foreach (var member in members)
        {
            var unreachable = state.Unreachable.Contains(member);
            await answer.LineAsync(Line(member, unreachable), new
            {
                Address = member.Address.ToString(),
                Roles = Roles(member),
                Status = Status(member),
                Reachable = !unreachable,
                Version = member.AppVersion.ToString(),
            });
        }

        await answer.LineAsync($"Count: {members.Length} nodes");
    }

    private static async Task StatusAsync(Cluster cluster, IAnswer answer)
    {
        var state = cluster.State;
        var self = cluster.SelfMember;
        var unreachable = state.Unreachable.Select(m => m.Address.ToString()).Order(StringComparer.Ordinal).ToArray();
        var data = new
        {
            Address = self.Address.ToString(),
            Roles = Roles(self),
            Status = Status(self),
            Leader = state.Leader?.ToString(),
            Members = state.Members.Count,
            Unreachable = unreachable,
        };
        await answer.LineAsync($"address      {data.Address}", data);
        await answer.LineAsync($"roles        {string.Join(",", data.Roles)}");
        await answer.LineAsync($"status       {data.Status}");
        await answer.LineAsync($"leader       {data.Leader ?? "none"}");
        await answer.LineAsync($"members      {data.Members}");
        await answer.LineAsync($"unreachable  {CommandCatalogue.Listed(unreachable)}");
    }

    private static async Task LeaderAsync(Cluster cluster, IAnswer answer)
    {
        var state = cluster.State;
        await answer.LineAsync(
            $"leader: {state.Leader?.ToString() ?? "none"}", new { Role = "", Leader = state.Leader?.ToString() });
        foreach (var role in state.AllRoles.Order(StringComparer.Ordinal))
        {
            var leader = state.RoleLeader(role)?.ToString();
            await answer.LineAsync($"leader of {role}: {leader ?? "none"}", new { Role = role, Leader = leader });
        }
    }

    private static async Task LeaveAsync(Cluster cluster, CommandCall call, IAnswer answer)
    {
        var member = call.Has(Address.Name) ? Find(cluster, call) : cluster.SelfMember;
        if (member.Status is not (MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Up))
            throw new CommandRefusedException($"{member.Address} is {Status(member)} already");
        cluster.Leave(member.Address);
        await TellAsync(answer, member.Address, "leaving");
    }

    private static async Task JoinAsync(Cluster cluster, CommandCall call, IAnswer answer)
    {
        var address = AddressOf(cluster, call.Get(Address.Name));
        if (cluster.SelfMember.Status is not (MemberStatus.Removed or MemberStatus.Joining)
            || cluster.State.Members.Contains(cluster.SelfMember))
            throw new CommandRefusedException(
                $"{cluster.SelfAddress} is {Status(cluster.SelfMember)} in a cluster already");
        cluster.Join(address);
        await TellAsync(answer, address, "joining");
    }

    private static async Task DownAsync(Cluster cluster, CommandCall call, IAnswer answer)
    {
        var member = Find(cluster, call);
        cluster.Down(member.Address);
        await TellAsync(answer, member.Address, "down");
    }

    private static async Task DownUnreachableAsync(Cluster cluster, IAnswer answer)
    {
        var unreachable = cluster.State.Unreachable
            .OrderBy(m => m.Address.ToString(), StringComparer.Ordinal).ToArray();
        if (unreachable.Length == 0) await answer.LineAsync("no member is unreachable");
        foreach (var member in unreachable)
        {
            cluster.Down(member.Address);
            await TellAsync(answer, member.Address, "down");
        }
    }

    private static ValueTask TellAsync(IAnswer answer, Address address, string order) =>
        answer.LineAsync($"{order}: {address}", new { Order = order, Address = address.ToString() });

    private static Member Find(Cluster cluster, CommandCall call)
    {
        var members = cluster.State.Members;
        var name = MemberFinder.Find([.. members.Select(ClusterMembers.NameOf)], call.Get(Address.Name));
        return members.First(m => m.Address.ToString() == name.Address);
    }

    /// <summary>An address of this actor system elsewhere; <c>host:port</c> is short for it.</summary>
    private static Address AddressOf(Cluster cluster, string text)
    {
        var self = cluster.SelfAddress;
        var full = text.Contains("://", StringComparison.Ordinal) ? text : $"{self.Protocol}://{self.System}@{text}";
        Address? address = null;
        try
        {
            address = Akka.Actor.Address.Parse(full);
        }
        catch (UriFormatException)
        {
            // Told below.
        }

        return address is { HasGlobalScope: true, Port: > 0 }
            && address.Protocol == self.Protocol && address.System == self.System
            ? address
            : throw new CommandRefusedException(
                $"address is '{Names.Shorten(text, 80)}'; allowed: {self.Protocol}://{self.System}@host:port");
    }
}
