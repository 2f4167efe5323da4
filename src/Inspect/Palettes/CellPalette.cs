using Stockpile.Core.State;
using Stockpile.Inspect.Catalogue;
using Stockpile.Scheduler.Api.Contracts;
using Stockpile.Scheduler.Api.Mapping;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Routing;
using static Stockpile.Inspect.Palettes.Calls;
using static Stockpile.Inspect.Palettes.Lines;

namespace Stockpile.Inspect.Palettes;

/// <summary>Reads the last rounds of a cell, as <see cref="JournalReader.LastRoundsAsync"/> does.</summary>
public delegate Task<IReadOnlyList<Round>> LastRounds(
    string cell, long newest, int count, CancellationToken cancel);

/// <summary>One round of a cell as the journal has it.</summary>
/// <param name="At">Simulated time.</param>
/// <param name="ByType">How many events of each type, by the type's name.</param>
public sealed record RoundResponse(
    string Cell,
    long Round,
    long Epoch,
    DateTimeOffset At,
    int Events,
    IReadOnlyDictionary<string, int> ByType);

/// <summary><c>cell</c>: the cells, and what they committed last.</summary>
public static class CellPalette
{
    private const int RoundsDefault = 20;
    private const int RoundsMax = 1_000;

    private static readonly CommandArgument CellName =
        new("cell", "The cell's name, such as north", "-c") { Mandatory = true };

    public static Palette Create(Func<ClusterAccess> cluster) => new(
        "cell", "Cells, and what they committed last",
        [
            Look(cluster, "list", "All cells", [], async (on, _, answer, cancel) =>
            {
                var cells = await CellsAsync(on, cancel);
                await answer.TableAsync(
                    ["cell", ">epoch", ">round", ">nodes", ">lost", ">draining", ">devices", ">free", ">in use",
                        ">waiting", ">running", ">completed", ">preempted"],
                    cells, Row);
                await answer.CountAsync("cells", cells.Count);
            }),
            Look(cluster, "show", "One cell", [CellName], async (on, call, answer, cancel) =>
                await ShowAsync(answer, await FindAsync(on, call, cancel))),
            Look(cluster, "rounds", "The last scheduling rounds of a cell, from the journal, oldest first",
            [
                CellName,
                new("limit", $"How many, 1 to {RoundsMax}; by default {RoundsDefault}", "-n"),
            ], RoundsAsync),
        ]);

    private static async Task RoundsAsync(
        ClusterAccess on, CommandCall call, IAnswer answer, CancellationToken cancel)
    {
        var count = call.GetInt("limit", 1, RoundsMax, RoundsDefault);
        var cell = await FindAsync(on, call, cancel);
        var last = await on.Rounds(cell.Cell, cell.Round, count, cancel);
        await answer.TableAsync(
            [">round", "time", ">epoch", ">events", "by type"], [.. last.Select(ToResponse)], r =>
            [
                Number(r.Round), Time(r.At), Number(r.Epoch), Number(r.Events),
                Joined(r.ByType.Select(t => $"{t.Key} {t.Value}")),
            ]);
        await answer.CountAsync("rounds", last.Count);
    }

    private static RoundResponse ToResponse(Round round) => new(
        round.Cell, round.Number, round.Epoch, round.At, round.Events.Count,
        round.Events.GroupBy(e => e.GetType().Name).OrderBy(g => g.Key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count()));

    private static async Task<List<CellResponse>> CellsAsync(
        ClusterAccess on, CancellationToken cancel) =>
        [.. (await on.Gateway.CellsAsync(cancel)).Select(c => c.ToResponse(on.Options.Catalog))];

    private static async Task<CellResponse> FindAsync(
        ClusterAccess on, CommandCall call, CancellationToken cancel)
    {
        var name = call.Get("cell");
        var cells = await CellsAsync(on, cancel);
        return cells.Find(c => c.Cell == name)
            ?? throw new CommandRefusedException($"{NoSuch("cell", name).Message}; "
                + (cells.Count == 0 ? "there is none" : $"there are: {Joined(cells.Select(c => c.Cell))}"));
    }

    private static async Task ShowAsync(IAnswer answer, CellResponse cell)
    {
        await answer.FactsAsync(cell,
            ("cell", cell.Cell),
            ("time", Time(cell.At)),
            ("round", $"{cell.Round} of epoch {cell.Epoch}"),
            ("nodes", $"{cell.Nodes}, of which {cell.NodesLost} lost and {cell.NodesDraining} draining"),
            ("devices", $"{cell.Devices}, of which {Number(cell.Free)} free"),
            ("in use", Percent(cell.Utilisation)),
            ("waiting", $"{cell.Pending.Training} training, {cell.Pending.Inference} inference, "
                + $"{cell.Pending.Batch} batch"),
            ("jobs", $"{cell.RunningJobs} running, {cell.Jobs.Completed} completed, {cell.Jobs.Failed} failed, "
                + $"{cell.Jobs.Preempted} preempted"),
            ("services", cell.Inference.Services == 0 ? null : $"{cell.Inference.Services}; "
                + $"{Percent(cell.Inference.DemandServed)} of the requests served so far"),
            ("generations", Joined(cell.Generations.Select(g => $"{g.Key}: {g.Value} completed"))));
        await answer.PartAsync(
            ["model", "tier", .. FleetPalette.Heads], cell.Models, m => [m.Model, m.Tier, .. FleetPalette.Use(m)]);
    }

    private static string?[] Row(CellResponse cell) =>
    [
        cell.Cell, Number(cell.Epoch), Number(cell.Round), Number(cell.Nodes), Number(cell.NodesLost),
        Number(cell.NodesDraining), Number(cell.Devices), Number(cell.Free), Percent(cell.Utilisation),
        Number(cell.Pending.Training + cell.Pending.Inference + cell.Pending.Batch), Number(cell.RunningJobs),
        Number(cell.Jobs.Completed), Number(cell.Jobs.Preempted),
    ];
}
