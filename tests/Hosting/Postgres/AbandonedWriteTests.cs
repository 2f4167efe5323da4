using Npgsql;
using Stockpile.Hosting.Configuration;
using Stockpile.Hosting.Postgres;
using Stockpile.Hosting.Processes;
using Stockpile.Tests.Shared;

namespace Stockpile.Hosting.Tests.Postgres;

/// <summary>A scheduler that stopped between a write and its commit: paused, or cut off from the database.</summary>
public sealed class AbandonedWriteTests
{
    private const string NextRow =
        "INSERT INTO journal (created, deleted, persistence_id, sequence_number, message) "
        + "VALUES (1, false, 'cell-north', 1, 'x')";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_does_not_block_the_next_owner_of_the_cell_and_can_not_commit_any_more()
    {
        var database = PostgresServer.Get().CreateDatabase();
        await PostgresSchema.EnsureAsync(database, createTables: true, Cancel);
        // As the plugin of a process has it.
        var asProcess = StoreConfig.Postgres(database).GetString("akka.persistence.journal.sql.connection-string");
        await using var abandoned = new NpgsqlConnection(asProcess);
        await abandoned.OpenAsync(Cancel);
        await using var open = await abandoned.BeginTransactionAsync(Cancel);
        await using (var write = new NpgsqlCommand(NextRow, abandoned, open)) await write.ExecuteNonQueryAsync(Cancel);

        await using (var next = new NpgsqlConnection(asProcess))
        {
            await next.OpenAsync(Cancel);
            await using var write = new NpgsqlCommand(NextRow, next);
            // It waits for the other one; without an end to that its own time runs out, which is a failure.
            Assert.Equal(1, await write.ExecuteNonQueryAsync(Cancel));
        }

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => open.CommitAsync(Cancel));
        Assert.Equal(1L, PostgresServer.Execute(database, "SELECT count(*) FROM journal"));
    }
}
