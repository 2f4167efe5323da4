using Akka.Actor;
using Stockpile.Core.State;
using Stockpile.Protocol.Serialization;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Tests.Cells;

namespace Stockpile.Scheduler.Tests.Journal;

/// <summary>
/// The journals of all releases are read by this one. <c>STOCKPILE_WRITE_GOLDEN=1</c> writes the present version's
/// file; do so once, when <c>Version</c> in Directory.Build.props has moved on, and never touch the others.
/// </summary>
public sealed class ReleaseJournalTests : CellSpec
{
    public static TheoryData<string> Releases =>
    [
        .. Directory.GetFiles(JournalFile.Folder, "release-*.txt").Select(f => Path.GetFileName(f))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>What no release has written yet; to be taken off when the next one writes its journal.</summary>
    private static readonly Type[] SinceTheRelease =
    [
        typeof(KeyClosed), typeof(KeysAtDesks), typeof(DrainDeadlineLifted), typeof(NodeRested), typeof(NodeRestEnded),
        typeof(NodeSteady), typeof(TaskDoneLate), typeof(ArraySplit), typeof(PartEnded),
    ];

    private static string Version => typeof(CellState).Assembly.GetName().Version!.ToString(3);

    private StockpileSerializer Serializer => new((ExtendedActorSystem)Sys);

    [Fact]
    public void The_present_release_has_a_journal_in_which_everything_happens()
    {
        var path = JournalFile.PathOf(Version);
        if (Environment.GetEnvironmentVariable("STOCKPILE_WRITE_GOLDEN") == "1")
            JournalFile.Of(ReleaseLife.Live(Catalog, Policy), Serializer).Write(path);
        Assert.True(File.Exists(path), $"{path} is missing; STOCKPILE_WRITE_GOLDEN=1 writes it");

        var happened = Rounds(JournalFile.Read(path)).SelectMany(r => r.Events).Select(e => e.GetType()).ToHashSet();
        var known = typeof(CellEvent).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(CellEvent)));

        Assert.Equal(
            SinceTheRelease.Select(type => type.Name).Order(),
            known.Where(type => !happened.Contains(type)).Select(type => type.Name).Order());
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public void A_journal_of_any_release_gives_the_state_that_it_gave_then(string release)
    {
        var file = JournalFile.Read(Path.Combine(JournalFile.Folder, release));
        var state = new CellState("north", Catalog, Policy);
        foreach (var round in Rounds(file)) JournalRow.Replay(state, round);

        Assert.Equal(file.Facts, JournalFile.FactsOf(state));
    }

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_cell_goes_on_where_the_journal_of_any_release_ends(string release)
    {
        var file = JournalFile.Read(Path.Combine(JournalFile.Folder, release));
        // The tables are made with the first row.
        StartCell();
        await ViewAsync();
        await CrashCellAsync();
        Change("DELETE FROM journal");
        foreach (var row in file.Rows)
            Change("INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, "
                + $"identifier, writer_uuid) VALUES (0, '0', 'cell-north', {row.Number}, @bytes, '{row.Manifest}', "
                + $"{row.Serializer}, 'release')", row.Bytes);
        var replayed = await ReplayedAsync();
        Assert.Equal(file.Facts, JournalFile.FactsOf(replayed));
        Clock.SetUtcNow(replayed.At);

        StartCell();
        var view = await ViewAsync();

        Assert.Equal((replayed.Epoch + 1, replayed.RoundNumber + 1), (view.Epoch, view.Round));
        Assert.Equal(AllocationsHash.Of(replayed), view.AllocationsDigest);
        Assert.Null((await SubmitAsync("new", Tasks(1) with { Models = ["A10"] })).Refusal);
    }

    private IEnumerable<Round> Rounds(JournalFile file)
    {
        var serializer = Serializer;
        foreach (var row in file.Rows)
        {
            Assert.Equal(serializer.Identifier, row.Serializer);
            yield return JournalRow.Read(
                "north", row.Number - 1, row.Number, serializer.FromBinary(row.Bytes, row.Manifest));
        }
    }
}
