using Stockpile.Node.Hosts;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Tests.Hosts;

public sealed class ReportOutboxTests
{
    private readonly ReportOutbox _outbox = new();

    private List<long> Take(int batchMax = 100) =>
        [.. _outbox.TakeUnsent(batchMax).SelectMany(batch => batch).Select(report => report.Id)];

    [Fact]
    public void Reports_go_out_once_in_the_order_they_were_made()
    {
        _outbox.Add("a", 1, 10, ReportKind.Started);
        _outbox.Add("b", 1, 11, ReportKind.Started);
        _outbox.Add("a", 1, 10, ReportKind.Completed);
        Assert.Equal([1, 2, 3], Take());
        Assert.Empty(Take());
        Assert.Equal(3, _outbox.Waiting);
    }

    [Fact]
    public void A_report_goes_out_again_after_its_ticks_until_it_is_acknowledged()
    {
        _outbox.Add("a", 1, 10, ReportKind.Started);
        Take();
        _outbox.Tick(2);
        Assert.Empty(Take());
        _outbox.Tick(2);
        Assert.Equal([1], Take());
        _outbox.Tick(2);
        _outbox.Tick(2);
        Assert.Equal(ReportKind.Started, _outbox.Acknowledge(1)!.Kind);
        Assert.Null(_outbox.Acknowledge(1));
        Assert.Empty(Take());
        Assert.Equal(0, _outbox.Waiting);
    }

    [Fact]
    public void The_same_report_waits_only_once_and_keeps_its_id()
    {
        _outbox.Add("a", 1, 10, ReportKind.Started);
        Take();
        _outbox.Add("a", 1, 10, ReportKind.Started);
        Assert.Equal([1], Take());
        _outbox.Add("a", 2, 10, ReportKind.Started);
        Assert.Equal([2], Take());
        _outbox.Acknowledge(1);
        _outbox.Add("a", 1, 10, ReportKind.Started);
        Assert.Equal([3], Take());
    }

    [Fact]
    public void All_that_is_not_acknowledged_goes_out_again_at_once_when_the_cell_has_a_new_owner()
    {
        _outbox.Add("a", 1, 10, ReportKind.Started);
        _outbox.Add("a", 1, 10, ReportKind.Completed);
        Take();
        _outbox.Acknowledge(1);
        _outbox.SendAgain();
        Assert.Equal([2], Take());
        Assert.Empty(Take());
    }

    [Fact]
    public void A_batch_has_a_bound()
    {
        for (var sequence = 1; sequence <= 25; sequence++) _outbox.Add("a", 1, sequence, ReportKind.Started);
        Assert.Equal([10, 10, 5], _outbox.TakeUnsent(10).Select(batch => batch.Count));
    }
}
