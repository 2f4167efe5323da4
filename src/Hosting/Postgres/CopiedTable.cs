using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;

namespace Stockpile.Hosting.Postgres;

/// <summary>A table that SQLite and PostgreSQL hold with the same columns, and how its rows are read and written on
/// either side. A row is its values in the order of the columns: long, int, bool, string, byte[] or null.</summary>
/// <param name="Order">The columns that sort the rows the same way on both sides.</param>
internal sealed record CopiedTable(string Name, string Order, (string Column, NpgsqlDbType Type)[] Columns)
{
    public static readonly CopiedTable Journal = new("journal", "ordering",
    [
        ("ordering", NpgsqlDbType.Bigint), ("created", NpgsqlDbType.Bigint), ("deleted", NpgsqlDbType.Boolean),
        ("persistence_id", NpgsqlDbType.Text), ("sequence_number", NpgsqlDbType.Bigint),
        ("message", NpgsqlDbType.Bytea), ("tags", NpgsqlDbType.Text), ("manifest", NpgsqlDbType.Text),
        ("identifier", NpgsqlDbType.Integer), ("writer_uuid", NpgsqlDbType.Text),
    ]);

    /// <summary>Sorted by bytes, as SQLite does; a database with another collation would order the names otherwise.
    /// </summary>
    public static readonly CopiedTable Snapshot = new("snapshot", "persistence_id COLLATE {0}, sequence_number",
    [
        ("persistence_id", NpgsqlDbType.Text), ("sequence_number", NpgsqlDbType.Bigint),
        ("created", NpgsqlDbType.Bigint), ("snapshot", NpgsqlDbType.Bytea), ("manifest", NpgsqlDbType.Text),
        ("serializer_id", NpgsqlDbType.Integer),
    ]);

    private string Names => string.Join(", ", Columns.Select(c => c.Column));

    public IEnumerable<object?[]> RowsOf(SqliteConnection source, SqliteTransaction snapshot)
    {
        using var command = source.CreateCommand();
        command.Transaction = snapshot;
        command.CommandText =
            $"SELECT {Names} FROM {Name} ORDER BY {Order.Replace("{0}", "BINARY", StringComparison.Ordinal)}";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var row = new object?[Columns.Length];
            for (var i = 0; i < row.Length; i++) row[i] = reader.IsDBNull(i) ? null : Value(reader, i);
            yield return row;
        }
    }

    public async Task WriteAsync(
        NpgsqlConnection target, IEnumerable<object?[]> rows, Action written, CancellationToken cancel)
    {
        await using var copy = await target
            .BeginBinaryImportAsync($"COPY {Name} ({Names}) FROM STDIN (FORMAT BINARY)", cancel).ConfigureAwait(false);
        foreach (var row in rows)
        {
            await copy.StartRowAsync(cancel).ConfigureAwait(false);
            for (var i = 0; i < row.Length; i++) await WriteAsync(copy, row[i], i, cancel).ConfigureAwait(false);
            written();
        }

        await copy.CompleteAsync(cancel).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<object?[]> RowsOfAsync(
        NpgsqlConnection target,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var order = Order.Replace("{0}", "\"C\"", StringComparison.Ordinal);
        await using var copy = await target.BeginBinaryExportAsync(
            $"COPY (SELECT {Names} FROM {Name} ORDER BY {order}) TO STDOUT (FORMAT BINARY)", cancel)
            .ConfigureAwait(false);
        while (await copy.StartRowAsync(cancel).ConfigureAwait(false) >= 0)
        {
            var row = new object?[Columns.Length];
            for (var i = 0; i < row.Length; i++)
                if (copy.IsNull) await copy.SkipAsync(cancel).ConfigureAwait(false);
                else row[i] = await ReadAsync(copy, i, cancel).ConfigureAwait(false);
            yield return row;
        }
    }

    private object Value(SqliteDataReader reader, int column) => Columns[column].Type switch
    {
        NpgsqlDbType.Bigint => reader.GetInt64(column),
        NpgsqlDbType.Integer => reader.GetInt32(column),
        NpgsqlDbType.Boolean => reader.GetInt64(column) != 0,
        NpgsqlDbType.Text => reader.GetString(column),
        _ => reader.GetFieldValue<byte[]>(column),
    };

    private Task WriteAsync(NpgsqlBinaryImporter copy, object? value, int column, CancellationToken cancel) =>
        value switch
        {
            null => copy.WriteNullAsync(cancel),
            long number => copy.WriteAsync(number, Columns[column].Type, cancel),
            int number => copy.WriteAsync(number, Columns[column].Type, cancel),
            bool flag => copy.WriteAsync(flag, Columns[column].Type, cancel),
            string text => copy.WriteAsync(text, Columns[column].Type, cancel),
            _ => copy.WriteAsync((byte[])value, Columns[column].Type, cancel),
        };

    private async ValueTask<object> ReadAsync(NpgsqlBinaryExporter copy, int column, CancellationToken cancel)
    {
        var type = Columns[column].Type;
        return type switch
        {
            NpgsqlDbType.Bigint => await copy.ReadAsync<long>(type, cancel).ConfigureAwait(false),
            NpgsqlDbType.Integer => await copy.ReadAsync<int>(type, cancel).ConfigureAwait(false),
            NpgsqlDbType.Boolean => await copy.ReadAsync<bool>(type, cancel).ConfigureAwait(false),
            NpgsqlDbType.Text => await copy.ReadAsync<string>(type, cancel).ConfigureAwait(false),
            _ => await copy.ReadAsync<byte[]>(type, cancel).ConfigureAwait(false),
        };
    }
}

/// <summary>A fingerprint of rows: every value, its kind and its length.</summary>
internal sealed class RowDigest : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public long Rows { get; private set; }

    public void Add(object?[] row)
    {
        Rows++;
        Span<byte> head = stackalloc byte[9];
        foreach (var value in row)
        {
            ReadOnlySpan<byte> tail = [];
            (head[0], var number) = value switch
            {
                null => ((byte)0, 0L),
                long n => ((byte)1, n),
                int n => ((byte)2, n),
                bool b => ((byte)3, b ? 1 : 0),
                string text => ((byte)4, (tail = Encoding.UTF8.GetBytes(text)).Length),
                _ => ((byte)5, (tail = (byte[])value).Length),
            };
            BinaryPrimitives.WriteInt64LittleEndian(head[1..], number);
            _hash.AppendData(head);
            _hash.AppendData(tail);
        }
    }

    /// <summary>64 hexadecimal digits.</summary>
    public string Text => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Dispose() => _hash.Dispose();
}
