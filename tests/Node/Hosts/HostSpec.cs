using Akka.Actor;
using Akka.TestKit;
using Google.Protobuf;
using Microsoft.Extensions.Time.Testing;
using Stockpile.Core.Fleets;
using Stockpile.Node.Hosts;
using Stockpile.Protocol.V1;

namespace Stockpile.Node.Tests.Hosts;

/// <summary>A host whose cell is a probe. What the host says is taken apart and kept until a test asks.</summary>
public abstract class HostSpec : Akka.TestKit.Xunit.TestKit
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    protected static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    // Short intervals, so that a test sees a few beats and resends while it waits for its causes.
    protected static readonly HostOptions Quick = new()
    {
        BeatInterval = TimeSpan.FromMilliseconds(50),
        ReportResendAfter = TimeSpan.FromMilliseconds(100),
        NodeRestartAfter = TimeSpan.FromMilliseconds(10),
        LeaveWithin = Patience,
        LeaveResendAfter = TimeSpan.FromMilliseconds(50),
        RefusedRetryBeats = 3,
        NextIncarnation = () => 1_000,
    };

    private readonly List<object> _said = [];

    protected HostSpec() : base("akka.loglevel = ERROR") => Cells = CreateTestProbe();

    protected FakeTimeProvider Clock { get; init; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    protected TestProbe Cells { get; }

    protected IActorRef Host { get; private set; } = ActorRefs.Nobody;

    /// <summary>Messages from the host so far, beats included.</summary>
    protected int Messages { get; private set; }

    protected void StartHost(HostOptions options, params NodeSpec[] nodes) =>
        Host = Sys.ActorOf(
            HostActor.Props("h1", nodes, Fleet.Catalog, Cells.Ref, Clock, options), HostActor.ActorName);

    /// <summary>A host with these nodes of cell north, all admitted.</summary>
    protected async Task StartAdmittedAsync(params string[] nodes)
    {
        StartHost(Quick, [.. nodes.Select(n => Fleet.Node(n))]);
        foreach (var node in nodes) await NextAsync<NodeAdvert>(a => a.Node == node);
        Tell(new AdvertiseReply { Cell = "north", Epoch = 1, Admitted = { nodes } });
        await FenceAsync();
    }

    protected void Tell(IMessage message) => Host.Tell(message, Cells.Ref);

    protected static StartOrder Start(
        string node, long sequence, uint mask = 1, double hours = 1, int share = 0) => new()
    {
        Node = node,
        Job = "north-1",
        Sequence = sequence,
        DeviceMask = mask,
        ShareMilli = share,
        RunMs = (long)TimeSpan.FromHours(hours).TotalMilliseconds,
    };

    protected static StopOrder Stop(string node, long sequence) =>
        new() { Node = node, Job = "north-1", Sequence = sequence };

    protected void Order(params StartOrder[] starts) => Order(1, [], starts);

    protected void Order(long epoch, StopOrder[] stops, StartOrder[] starts) =>
        Tell(new NodeOrders { Cell = "north", Epoch = epoch, Stops = { stops }, Starts = { starts } });

    protected void Fault(string node, FaultKind kind, double factor = 0) =>
        Tell(new FaultOrder { Cell = "north", Node = node, Kind = kind, Factor = factor });

    protected void Ack(params WorkReport[] reports) =>
        Tell(new WorkReportsAck { Cell = "north", Ids = { reports.Select(r => r.Id) } });

    protected Task<WorkReport> ReportAsync(ReportKind kind, long sequence) =>
        NextAsync<WorkReport>(r => r.Kind == kind && r.Sequence == sequence);

    /// <summary>Orders one start and acknowledges its report.</summary>
    protected async Task RunAsync(StartOrder start)
    {
        Order(start);
        Ack(await ReportAsync(ReportKind.Started, start.Sequence));
        await FenceAsync();
    }

    /// <summary>The next advert, report, beat or message of this kind; what else comes is kept.</summary>
    protected async Task<T> NextAsync<T>(Func<T, bool>? wanted = null) where T : class
    {
        // Beats never end, so the patience is for the whole wait and not for the next message.
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (waited.Elapsed < Patience)
        {
            var index = _said.FindIndex(m => m is T t && (wanted is null || wanted(t)));
            if (index >= 0)
            {
                var found = (T)_said[index];
                _said.RemoveAt(index);
                return found;
            }

            if (await Cells.ReceiveOneAsync(Patience, TestContext.Current.CancellationToken) is { } message)
                Keep(message);
        }

        throw new TimeoutException($"no {typeof(T).Name} as wanted came; {_said.Count} others did");
    }

    /// <summary>What was said and not yet asked for.</summary>
    protected IReadOnlyList<T> Said<T>() => [.. _said.OfType<T>()];

    /// <summary>The host has done all it was told before, and what it said until then is forgotten.</summary>
    protected async Task<HostCellStatus> FenceAsync()
    {
        var status = await StatusAsync();
        while (Cells.HasMessages) Keep(await Cells.ReceiveOneAsync(Patience, TestContext.Current.CancellationToken));
        _said.Clear();
        return status.Cells.First(c => c.Cell == "north");
    }

    protected Task<HostStatus> StatusAsync() =>
        Host.Ask<HostStatus>(GetHostStatus.Instance, Patience, TestContext.Current.CancellationToken);

    /// <summary>So many beats pass; everything that is due by beat or resend is said in between.</summary>
    protected async Task BeatsAsync(int beats)
    {
        for (var beat = 0; beat < beats; beat++) await NextAsync<HostBeat>();
    }

    protected async Task<bool> ExistsAsync(string path)
    {
        var identity = await Sys.ActorSelection(path)
            .Ask<ActorIdentity>(new Identify(path), Patience, TestContext.Current.CancellationToken);
        return identity.Subject is not null;
    }

    private void Keep(object message)
    {
        Messages++;
        switch (message)
        {
            case WorkReports reports:
                _said.AddRange(reports.Reports);
                break;
            case AdvertiseNodes adverts:
                _said.AddRange(adverts.Nodes);
                break;
            default:
                _said.Add(message);
                break;
        }
    }
}
