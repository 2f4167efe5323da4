using Stockpile.Core;
using Stockpile.Hosting.Access;
using Stockpile.Scheduler.Hosting;

namespace Stockpile.Inspect.Catalogue;

/// <summary>The other members of the cluster, and a way to run commands there.</summary>
public interface IMembers
{
    /// <summary>The member of this process.</summary>
    MemberName Self { get; }

    /// <summary>All members that can answer, this one among them, by address.</summary>
    IReadOnlyList<MemberName> All();

    /// <summary>Whether it is up and seen by the others.</summary>
    bool IsUp(MemberName member);

    /// <summary>
    /// Runs a call on another member. One that does not answer in time gives a result with
    /// <see cref="CommandResult.UnreachableExit"/>.
    /// </summary>
    Task<CommandResult> RunAsync(
        MemberName member, IReadOnlyList<string> words, IAnswer answer, CancellationToken cancel);
}

/// <summary>Runs a call where it belongs: here, on the member that it names, or on a scheduler member.</summary>
public sealed class CommandRunner(CommandCatalogue catalogue, IMembers members)
{
    private const string AllWord = "all";

    public CommandCatalogue Catalogue { get; } = catalogue;

    public MemberName Self => members.Self;

    /// <summary>
    /// Which member is about to answer, as far as this one can tell, whether the call goes on until it is cancelled,
    /// and who may make it. What is no call is answered here, and whoever may look may hear it.
    /// </summary>
    public (MemberName Member, bool Streams, AccessRole Role) Announce(IReadOnlyList<string> words)
    {
        CommandCall? call = null;
        try
        {
            call = Catalogue.Parse(words);
            return call is null
                ? (Self, false, AccessRole.Viewer)
                : (Target(call) ?? Self, call.Command.Streams, call.Role);
        }
        catch (Exception fault) when (fault is CommandUsageException or CommandRefusedException)
        {
            // A member that is not known now may be when the call is made, so its role counts all the same.
            return (Self, false, call?.Role ?? AccessRole.Viewer);
        }
    }

    /// <summary>Runs a call for whoever asked this member; the result names the member that answered.</summary>
    public async Task<CommandResult> RunAsync(
        IReadOnlyList<string> words, IAnswer answer, CancellationToken cancel = default)
    {
        CommandResult result;
        try
        {
            result = Catalogue.Parse(words) is { } call
                ? await DispatchAsync(call, words, answer, cancel)
                : await Catalogue.RunAsync(words, answer, cancel);
        }
        catch (CommandUsageException wrong)
        {
            result = new CommandResult(CommandResult.UsageExit, wrong.Message);
        }
        catch (CommandRefusedException refused)
        {
            result = new CommandResult(CommandResult.RefusedExit, refused.Message);
        }

        return result with { Member = result.Member ?? Self };
    }

    /// <summary>Runs a call that another member sent: here or not at all, so that no call goes in circles.</summary>
    public async Task<CommandResult> RunHereAsync(
        IReadOnlyList<string> words, IAnswer answer, CancellationToken cancel)
    {
        var result = await Catalogue.RunAsync(words, answer, cancel);
        return result with { Member = Self };
    }

    private Task<CommandResult> DispatchAsync(
        CommandCall call, IReadOnlyList<string> words, IAnswer answer, CancellationToken cancel)
    {
        if (call.Find(CommandCatalogue.MemberArgument.Name) == AllWord)
            return OnAll.RunAsync(members, Targets(call), RunOnAsync, call, WithoutMember(words), answer, cancel);
        // One member and no other, also where it stays silent: the call may have been carried out.
        return Target(call) is { } member
            ? RunOnAsync(member, WithoutMember(words), answer, cancel)
            : Task.FromResult(new CommandResult(CommandResult.UnreachableExit,
                $"no scheduler member is up, and {Self} cannot answer this itself"));
    }

    /// <summary>The member that the call names, else this one, else a scheduler; null: it needs one and none is up.
    /// </summary>
    private MemberName? Target(CommandCall call)
    {
        var wanted = call.Find(CommandCatalogue.MemberArgument.Name);
        if (wanted is not null and not AllWord) return MemberFinder.Find(members.All(), wanted);
        return wanted is AllWord || !call.Command.NeedsScheduler || IsScheduler(Self)
            ? Self
            : members.All().FirstOrDefault(m => IsScheduler(m) && members.IsUp(m));
    }

    /// <summary>All members that can carry it out.</summary>
    private MemberName[] Targets(CommandCall call) =>
        [.. members.All().Where(m => !call.Command.NeedsScheduler || IsScheduler(m))];

    private Task<CommandResult> RunOnAsync(
        MemberName member, IReadOnlyList<string> words, IAnswer answer, CancellationToken cancel) =>
        member.Address == Self.Address
            ? RunHereAsync(words, answer, cancel)
            : members.RunAsync(member, words, answer, cancel);

    private static bool IsScheduler(MemberName member) => member.Roles.Contains(SchedulerHostingExtensions.Role);

    private static string[] WithoutMember(IReadOnlyList<string> words)
    {
        var name = "--" + CommandCatalogue.MemberArgument.Name;
        var rest = new List<string>();
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i] == name) i++;
            else if (!words[i].StartsWith(name + "=", StringComparison.Ordinal)) rest.Add(words[i]);
        }

        return [.. rest];
    }
}

/// <summary>Finds the member that a user means.</summary>
public static class MemberFinder
{
    /// <summary>By its address, or by the end of it: <c>host:port</c>.</summary>
    /// <exception cref="CommandRefusedException">There is none; the message lists those that are.</exception>
    public static MemberName Find(IReadOnlyList<MemberName> all, string wanted) =>
        all.FirstOrDefault(m => m.Address == wanted)
        ?? all.FirstOrDefault(m => m.Address.EndsWith("@" + wanted, StringComparison.Ordinal))
        ?? throw new CommandRefusedException(
            $"there is no member '{Names.Shorten(wanted, 80)}'; there are "
            + CommandCatalogue.Listed(all.Select(m => m.Address)));
}
