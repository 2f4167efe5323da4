using Npgsql;

namespace Stockpile.Hosting.Postgres;

/// <summary>What a database lacks of the tables in <c>schema.sql</c>; a test compares the two.</summary>
internal static class SchemaCheck
{
    private static readonly (string Table, (string Column, string Type)[] Columns)[] Expected =
    [
        ("journal",
        [
            ("ordering", "bigint"), ("created", "bigint"), ("deleted", "boolean"), ("persistence_id", "text"),
            ("sequence_number", "bigint"), ("message", "bytea"), ("tags", "text"), ("manifest", "text"),
            ("identifier", "integer"), ("writer_uuid", "text"),
        ]),
        ("snapshot",
        [
            ("persistence_id", "text"), ("sequence_number", "bigint"), ("created", "bigint"), ("snapshot", "bytea"),
            ("manifest", "text"), ("serializer_id", "integer"),
        ]),
        ("stockpile_clock",
        [
            ("id", "smallint"), ("real_start", "timestamp with time zone"),
            ("simulated_start", "timestamp with time zone"), ("speed", "double precision"),
        ]),
    ];

    /// <summary>Without these two a second writer would not be noticed, and a snapshot could not be replaced. The
    /// other indexes only save time.</summary>
    private static readonly string[] Unique = ["journal", "snapshot"];

    public static string[] Tables { get; } = [.. Expected.Select(e => e.Table)];

    /// <summary>In words for one line; empty when all is there.</summary>
    public static async Task<IReadOnlyList<string>> MissingAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var missing = new List<string>();
        foreach (var (table, columns) in Expected)
        {
            var there = await ColumnsAsync(connection, table, cancel).ConfigureAwait(false);
            if (there.Count == 0)
            {
                missing.Add($"table {table}");
                continue;
            }

            foreach (var (column, type) in columns)
                if (!there.TryGetValue(column, out var found)) missing.Add($"column {table}.{column}");
                else if (found != type) missing.Add($"column {table}.{column} as {type} (it is {found})");
            if (Unique.Contains(table) && !await IsUniqueAsync(connection, table, cancel).ConfigureAwait(false))
                missing.Add($"a unique index on {table} (persistence_id, sequence_number)");
        }

        return missing;
    }

    private static async Task<Dictionary<string, string>> ColumnsAsync(
        NpgsqlConnection connection, string table, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute
            WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
            """, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = table });
        var columns = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var rows = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await rows.ReadAsync(cancel).ConfigureAwait(false)) columns[rows.GetString(0)] = rows.GetString(1);
        return columns;
    }

    private static async Task<bool> IsUniqueAsync(
        NpgsqlConnection connection, string table, CancellationToken cancel) =>
        await connection.ExecuteAsync(
            """
            SELECT EXISTS (
                SELECT FROM pg_index i WHERE i.indrelid = to_regclass($1)
                AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
                AND (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
                     WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey))
                    = ARRAY['persistence_id', 'sequence_number'])
            """, cancel, table).ConfigureAwait(false) is true;
}
