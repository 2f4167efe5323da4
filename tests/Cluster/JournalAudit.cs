using System.Numerics;
using Akka.Actor;
using Akka.Configuration;
using Microsoft.Data.Sqlite;
using Stockpile.Core;
using Stockpile.Core.Cells;
using Stockpile.Formats;
using Stockpile.Hosting;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Cluster.Tests;

/// <summary>
/// Reads a journal with nothing but the events, beside the replay that checks the cells' own invariants: which
/// allocation holds how much of which device, and who was placed and started when.
/// </summary>
internal sealed class JournalAudit
{
    private readonly Dictionary<(string Cell, string Node, int Device), int> _heldMilli = [];
    private readonly Dictionary<(string Cell, long Sequence), PlacedAllocation> _live = [];
    private readonly HashSet<(string Cell, long Sequence)> _placed = [];
    private readonly HashSet<(string Cell, long Sequence)> _started = [];

    /// <summary>Key → job, over all cells.</summary>
    public Dictionary<string, JobId> Jobs { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, CellState> States { get; } = new(StringComparer.Ordinal);

    public long Epochs { get; private set; }

    public static async Task<JournalAudit> ReadAsync(string data, CancellationToken cancel)
    {
        var catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));
        var policy = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), catalog);
        var connection = DataFolder.ConnectionStringOf(Path.Combine(data, "stockpile.db"));
        using var system = ActorSystem.Create("audit", ConfigurationFactory.ParseString("akka.loglevel = ERROR")
            .WithFallback(StockpileConfig.Sqlite(connection)));
        RowsAreOurs(connection);
        var reader = new JournalReader(
            system, new CellOptions(catalog, policy, TimeProvider.System, TimeProvider.System));
        var audit = new JournalAudit();
        foreach (var cell in await reader.CellsAsync())
            audit.States[cell] = await reader.StateAtRoundAsync(cell, long.MaxValue, cancel, audit.Take);
        await system.Terminate();
        return audit;
    }

    /// <summary>Every row is written by the serializer of the wire types, and by no other.</summary>
    private static void RowsAreOurs(string connectionString)
    {
        using var connection = new SqliteConnection(connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT DISTINCT identifier FROM journal WHERE persistence_id LIKE 'cell-%'";
        using var row = command.ExecuteReader();
        Assert.True(row.Read());
        Assert.Equal(7401, row.GetInt32(0));
        Assert.False(row.Read(), "the journal holds rows of two serializers");
    }

    private void Take(Round round)
    {
        foreach (var committed in round.Events)
            switch (committed)
            {
                case EpochRaised:
                    Epochs++;
                    break;
                case JobSubmitted { Key.Length: > 0 } e:
                    Assert.True(Jobs.TryAdd(e.Key, new JobId(round.Cell, e.Job)), $"two jobs have the key {e.Key}");
                    break;
                case JobPlaced e:
                    foreach (var allocation in e.Allocations) Bind(round.Cell, allocation);
                    break;
                case AllocationsStarted e:
                    foreach (var sequence in e.Sequences)
                        Assert.True(_started.Add((round.Cell, sequence)), $"{round.Cell} started {sequence} twice");
                    break;
                case AllocationsEnded e:
                    foreach (var sequence in e.Sequences)
                    {
                        Assert.True(_live.Remove((round.Cell, sequence), out var ended), $"{sequence} ended twice");
                        Hold(round.Cell, ended!, -1);
                    }

                    break;
            }
    }

    private void Bind(string cell, PlacedAllocation allocation)
    {
        Assert.True(_placed.Add((cell, allocation.Sequence)), $"{cell} placed {allocation.Sequence} twice");
        _live.Add((cell, allocation.Sequence), allocation);
        Hold(cell, allocation, +1);
    }

    private void Hold(string cell, PlacedAllocation allocation, int sign)
    {
        var milli = allocation.ShareMilli > 0 ? allocation.ShareMilli : Limits.MilliPerDevice;
        for (var mask = allocation.DeviceMask; mask != 0; mask &= mask - 1)
        {
            var device = (cell, allocation.Node, BitOperations.TrailingZeroCount(mask));
            var held = _heldMilli.GetValueOrDefault(device) + sign * milli;
            Assert.InRange(held, 0, Limits.MilliPerDevice);
            _heldMilli[device] = held;
        }
    }
}
