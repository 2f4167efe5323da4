using Stockpile.Core.Commands;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Queueing;
using Stockpile.Core.Tests.Cells;
using static Stockpile.Core.Tests.TestCell;

namespace Stockpile.Core.Tests.Queueing;

/// <summary>Work that has less left to do than its leaving would cost is left to finish, whoever waits for its place.
/// </summary>
public sealed class NearlyDoneTests
{
    private static readonly KindPolicy Frontier = new(["frontier"], []);

    private static readonly Policy Plain = new("plain", Frontier, Frontier, Frontier)
    {
        Gangs = RandomFleet.NoLinks, Backfill = BackfillPolicy.Off,
    };

    private static readonly Policy Owned = Plain with
    {
        Queue = new QueuePolicy { Quotas = new QuotaPolicy([("owner", "frontier", new TenantQuota(100, 100))]) },
    };

    public static TheoryData<bool, bool, bool> Shapes => new MatrixTheoryData<bool, bool, bool>(
        [false, true], [false, true], [false, true]);

    /// <summary>A gang or a task runs for two hours, and somebody comes shortly before its end.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void Nobody_is_sent_away_shortly_before_its_end(bool gang, bool gangWaits, bool byRight)
    {
        JobSpec Of(bool isGang, double hours) => isGang
            ? Gang(1) with { WorkHours = hours, Checkpoint = TimeSpan.FromMinutes(10) }
            : Tasks(1) with { Duration = TimeSpan.FromHours(hours) };
        // A gang never leaves for the priority of a task.
        if (gang && !gangWaits && !byRight) return;
        var cell = new TestCell(byRight ? Owned : Plain).Node("a", "H800", 1);
        var holder = cell.Place(Of(gang, 2) with
        {
            Tenant = byRight ? "other" : "owner", Priority = byRight ? Priority.Normal : Priority.Low,
        });
        cell.Accept(new ReportStarted("a", 1));
        cell.Now += TimeSpan.FromMinutes(117);
        var waiting = cell.Place(Of(gangWaits, 1) with
        {
            Tenant = "owner", Priority = byRight ? Priority.Normal : Priority.Critical,
        });
        Assert.Equal((false, true), (holder.Waits, waiting.Waits));

        // Overdue, it proves nothing any more; nothing is freed, and the one that waits is tried again all the same.
        cell.Now += TimeSpan.FromMinutes(4);
        cell.Cycle();
        if (gang == gangWaits || byRight) Assert.Equal((true, false), (holder.Waits, waiting.Waits));
    }

    [Fact]
    public void Sooner_it_leaves_as_before()
    {
        var cell = new TestCell(Plain).Node("a", "H800", 1);
        var holder = cell.Place(Gang(1, Priority.Low) with { WorkHours = 2, Checkpoint = TimeSpan.FromMinutes(10) });
        cell.Accept(new ReportStarted("a", 1));
        cell.Now += TimeSpan.FromMinutes(110);
        var waiting = cell.Place(Gang(1, Priority.Critical));
        Assert.Equal((true, false), (holder.Waits, waiting.Waits));
    }
}
