using Npgsql;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;

namespace Stockpile.Tests.Shared.Faults;

/// <summary>Follows the journal in PostgreSQL and puts every row into the books. One caller at a time.</summary>
internal sealed class JournalTail(string connectionString)
{
    private readonly Dictionary<string, long> _read = new(StringComparer.Ordinal);

    public JournalLedger Ledger { get; } = new();

    /// <summary>Reads what is new.</summary>
    /// <returns>False: the database does not answer now.</returns>
    public async Task<bool> ReadAsync(CancellationToken cancel)
    {
        try
        {
            await using var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync(cancel);
            foreach (var id in await CellsAsync(connection, cancel)) await ReadAsync(connection, id, cancel);
            return true;
        }
        catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException)
        {
            return false;
        }
    }

    private static async Task<List<string>> CellsAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            "SELECT persistence_id FROM journal WHERE sequence_number = 1 AND persistence_id LIKE 'cell-%'",
            connection);
        await using var row = await command.ExecuteReaderAsync(cancel);
        var cells = new List<string>();
        while (await row.ReadAsync(cancel)) cells.Add(row.GetString(0));
        return cells;
    }

    private async Task ReadAsync(NpgsqlConnection connection, string id, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            "SELECT sequence_number, created, message FROM journal "
            + "WHERE persistence_id = $1 AND sequence_number > $2 ORDER BY sequence_number", connection);
        command.Parameters.AddWithValue(id);
        command.Parameters.AddWithValue(_read.GetValueOrDefault(id));
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            // Ticks of UTC, by the clock of the process that wrote it, when it did.
            var at = new DateTime(row.GetInt64(1), DateTimeKind.Utc);
            Ledger.Take(RoundCommitted.Parser.ParseFrom((byte[])row[2]).FromWire(), at);
            _read[id] = row.GetInt64(0);
        }
    }
}
