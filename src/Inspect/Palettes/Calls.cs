using System.Globalization;
using Stockpile.Core;
using Stockpile.Formats.Hocon;
using Stockpile.Hosting.Access;
using Stockpile.Inspect.Catalogue;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Api.Json;
using Stockpile.Scheduler.Api.Mapping;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Inspect.Palettes;

/// <summary>As <see cref="CommandHandler"/>, with the cluster.</summary>
internal delegate Task ClusterHandler(
    ClusterAccess cluster, CommandCall call, IAnswer answer, CancellationToken cancel);

/// <summary>What the commands over the cluster have in common: their arguments, and how they say no.</summary>
internal static class Calls
{
    public static CommandArgument Limit { get; } = new(
        "limit", $"Most rows, 1 to {SchedulerLimits.ListRowsMax}; by default {SchedulerLimits.ListRowsDefault}", "-n");

    public static CommandArgument Cursor { get; } = new(
        "cursor", "Go on where an earlier answer ended; it says with which cursor", "-u");

    public static CommandArgument Cell(string what) => new("cell", $"Only {what} of this cell", "-c");

    public static CommandArgument Id(string what) => new("id", what, "-i") { Mandatory = true };

    /// <summary>A command on the cluster; its expected faults are one line for users.</summary>
    public static InspectCommand Command(
        Func<ClusterAccess> cluster, string name, string description, IReadOnlyList<CommandArgument> arguments,
        ClusterHandler run) =>
        new(name, description, arguments, async (call, answer, cancel) =>
        {
            try
            {
                await run(cluster(), call, answer, cancel);
            }
            catch (ClusterUnavailableException fault)
            {
                var effect = fault.NothingTaken ? "nothing was taken; " : "";
                throw new CommandRefusedException(
                    $"the cluster does not answer: {fault.Message}; {effect}{Again(fault.RetryAfter)}");
            }
            catch (ClusterBusyException fault)
            {
                throw new CommandRefusedException(
                    $"the cluster is busy: {fault.Message}; nothing was taken; {Again(fault.RetryAfter)}");
            }
            catch (Exception fault) when (fault is UnknownCellException or InputException)
            {
                throw new CommandRefusedException(fault.Message);
            }
        })
        {
            NeedsScheduler = true,
        };

    /// <summary>As <see cref="Command"/>, of a command that changes nothing.</summary>
    public static InspectCommand Look(
        Func<ClusterAccess> cluster, string name, string description, IReadOnlyList<CommandArgument> arguments,
        ClusterHandler run) => Command(cluster, name, description, arguments, run) with { Role = AccessRole.Viewer };

    public static int GetLimit(this CommandCall call) =>
        call.GetInt(Limit.Name, 1, SchedulerLimits.ListRowsMax, SchedulerLimits.ListRowsDefault);

    /// <summary>Where a list goes on; null: at its beginning.</summary>
    public static T? FindCursor<T>(this CommandCall call, CursorReader<T> parse) where T : struct =>
        call.Find(Cursor.Name) is not { } text ? null
        : parse(text, out var place) ? place
        : throw Wrong(Cursor.Name, text, "the cursor that an answer for the same list names");

    /// <summary>A name, or null where it is not given.</summary>
    public static string? FindName(this CommandCall call, string argument) =>
        call.Find(argument) is not { } text || Names.IsName(text) ? call.Find(argument)
            : throw Wrong(argument, text, Names.Rule);

    public static string? FindOneOf(this CommandCall call, string argument, IReadOnlyList<string> allowed) =>
        call.Find(argument) is not { } text || allowed.Contains(text, StringComparer.Ordinal) ? call.Find(argument)
            : throw Wrong(argument, text, string.Join(", ", allowed));

    public static double? FindNumber(this CommandCall call, string argument, string allowed) =>
        call.Find(argument) is not { } text ? null
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && double.IsFinite(value) ? value
        : throw Wrong(argument, text, allowed);

    public static int? FindInt(this CommandCall call, string argument, int min, int max) =>
        call.Has(argument) ? call.GetInt(argument, min, max, min) : null;

    public static TimeSpan? FindDuration(this CommandCall call, string argument) =>
        call.Find(argument) is not { } text ? null
        : Quantities.TryParseDuration(text, out var duration) ? duration
        : throw Wrong(argument, text, Quantities.DurationRule);

    public static long? FindMemory(this CommandCall call, string argument) =>
        call.Find(argument) is not { } text ? null
        : Quantities.TryParseMemory(text, out var size) ? size
        : throw Wrong(argument, text, Quantities.MemoryRule);

    public static CommandRefusedException Wrong(string argument, string text, string allowed) =>
        new($"{argument} is '{InputException.Show(text)}'; allowed: {allowed}");

    public static CommandRefusedException NoSuch(string what, string id) =>
        new($"there is no {what} {InputException.Show(id)}");

    /// <summary>Throws where the cluster refused.</summary>
    public static void Check(RefusalMsg? refusal)
    {
        if (refusal is null) return;
        // These speak of the thing that was asked for, not of an argument that could be written better.
        var isState = refusal.Code is Refusal.NotFound or Refusal.Ended;
        throw new CommandRefusedException(isState ? refusal.Message : refusal.ToLine());
    }

    private static string Again(TimeSpan wait) => $"try again in {Quantities.Format(wait)}";
}
