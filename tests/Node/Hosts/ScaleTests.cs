using System.Diagnostics;
using Stockpile.Core;
using Stockpile.Node.Hosts;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Tests.Hosts;

public sealed class ScaleTests : HostSpec
{
    private const int Nodes = 10_000;

    [Fact]
    public async Task Ten_thousand_nodes_run_an_allocation_each_with_far_fewer_messages_than_nodes()
    {
        var watch = Stopwatch.StartNew();
        StartHost(new HostOptions(), [.. Enumerable.Range(1, Nodes).Select(i => Fleet.Node($"n{i}"))]);
        HashSet<string> advertised = new(StringComparer.Ordinal);
        while (advertised.Count < Nodes) advertised.Add((await NextAsync<NodeAdvert>()).Node);
        Tell(new AdvertiseReply { Cell = "north", Epoch = 1, Admitted = { advertised } });
        await FenceAsync();
        var (admittedAt, admittedMessages) = (watch.Elapsed, Messages);

        foreach (var batch in Enumerable.Range(1, Nodes).Chunk(WireLimits.OrdersPerMessageMax))
            Order([.. batch.Select(i => Start($"n{i}", i))]);
        await AllAsync(ReportKind.Started);
        var (startedAt, startedMessages) = (watch.Elapsed, Messages);

        Clock.Advance(Hour);
        await AllAsync(ReportKind.Completed);
        var (completedAt, completedMessages) = (watch.Elapsed, Messages);

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{Nodes} nodes: admitted after {admittedAt.TotalSeconds:0.00} s with {admittedMessages} messages, " +
            $"started {(startedAt - admittedAt).TotalSeconds:0.00} s, {startedMessages - admittedMessages}, " +
            $"completed {(completedAt - startedAt).TotalSeconds:0.00} s, {completedMessages - startedMessages}");
        Assert.InRange(completedMessages, 3 * Nodes / WireLimits.OrdersPerMessageMax, Nodes / 10);
        var status = await FenceAsync();
        Assert.Equal((Nodes, 0, 0, 0),
            (status.NodesUp, status.NodesUnanswered, status.Running, status.ReportsWaiting));
    }

    private async Task AllAsync(ReportKind kind)
    {
        HashSet<long> sequences = [];
        List<WorkReport> unacknowledged = [];
        while (sequences.Count < Nodes)
        {
            var report = await NextAsync<WorkReport>();
            Assert.Equal(kind, report.Kind);
            Assert.Equal($"n{report.Sequence}", report.Node);
            sequences.Add(report.Sequence);
            unacknowledged.Add(report);
            if (unacknowledged.Count < WireLimits.OrdersPerMessageMax && sequences.Count < Nodes) continue;
            Ack([.. unacknowledged]);
            unacknowledged.Clear();
        }

        await FenceAsync();
    }
}
