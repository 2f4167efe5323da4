using System.Data.Common;
using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Configuration;
using Akka.TestKit;
using Microsoft.Extensions.Time.Testing;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Configuration;
using Stockpile.Protocol;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Journal;
using Stockpile.Scheduler.Process;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Tests.Cells;

/// <summary>A cell on a journal of its own, in SQLite unless told otherwise, with a probe for the host of its nodes and
/// one for a client.</summary>
public abstract class CellSpec : Akka.TestKit.Xunit.TestKit
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CellStore _store;
    private readonly Dictionary<TestProbe, List<object>> _kept = [];

    protected CellSpec() : this(CellStore.Sqlite())
    {
    }

    protected CellSpec(CellStore store) : base(Settings(store))
    {
        _store = store;
        Gate = JournalGate.Of(Sys);
        Host = CreateTestProbe();
        Client = CreateTestProbe();
        Options = new CellOptions(Catalog, Policy, Clock, Real) { TickInterval = TimeSpan.FromMilliseconds(20) };
    }

    protected static Catalog Catalog { get; } = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));

    protected static Policy Policy { get; } = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), Catalog);

    /// <summary>Simulated time.</summary>
    protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <summary>Real time: it stands still unless a test moves it.</summary>
    protected FakeTimeProvider Real { get; } = new(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));

    protected CellOptions Options { get; set; }

    protected JournalGate Gate { get; }

    protected TestProbe Host { get; }

    protected TestProbe Client { get; }

    protected IActorRef Cell { get; private set; } = ActorRefs.Nobody;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected void StartCell() => Cell = Sys.ActorOf(CellActor.Props("north", Options));

    /// <summary>Starts it as sharding does, under what keeps it running.</summary>
    protected void StartSupervised() => Cell = Sys.ActorOf(CellSupervisor.Props("north", Options));

    /// <summary>Ends the cell as a crash does: nothing is finished, nothing is said.</summary>
    protected async Task CrashCellAsync()
    {
        await WatchAsync(Cell);
        Sys.Stop(Cell);
        await ExpectTerminatedAsync(Cell, Patience, cancellationToken: Cancel);
    }

    protected async Task RestartCellAsync()
    {
        await CrashCellAsync();
        StartCell();
    }

    protected static NodeAdvert Advert(
        string node, string model = "H800", int devices = 8, long incarnation = 1, params long[] running) => new()
    {
        Node = node,
        Incarnation = incarnation,
        Model = model,
        Devices = devices,
        CpuMilli = 128_000,
        MemoryMib = 1 << 20,
        Running = { running },
    };

    protected async Task<AdvertiseReply> AdmitAsync(params NodeAdvert[] nodes)
    {
        Cell.Tell(new AdvertiseNodes { Cell = "north", Host = "h1", Nodes = { nodes } }, Host.Ref);
        return await NextAsync<AdvertiseReply>(Host);
    }

    protected static JobSpec Gang(int devices = 8, string name = "gang") =>
        new() { Name = name, Kind = JobKind.Training, Devices = devices, WorkHours = devices };

    protected static JobSpec Tasks(int tasks, string name = "tasks") => new()
    {
        Name = name,
        Kind = JobKind.Batch,
        Tasks = tasks,
        Devices = 1,
        Duration = TimeSpan.FromHours(1),
    };

    protected void Submit(string key, JobSpec spec) =>
        Cell.Tell(new SubmitJobs { Cell = "north", Jobs = { new Submission { Key = key, Spec = spec.ToWire() } } },
            Client.Ref);

    protected async Task<SubmitResult> SubmitAsync(string key, JobSpec spec)
    {
        Submit(key, spec);
        return Assert.Single((await NextAsync<SubmitJobsReply>(Client)).Results);
    }

    protected async Task<T> AskAsync<T>(ICellMessage message) where T : class
    {
        Cell.Tell(message, Client.Ref);
        return await NextAsync<T>(Client);
    }

    protected async Task<JobView> JobAsync(long number) =>
        (await AskAsync<JobReply>(new GetJob { Cell = "north", Number = number })).Job;

    protected Task<CellView> ViewAsync() => AskAsync<CellView>(new GetCell { Cell = "north" });

    /// <summary>Asks as the router does, again and again, until the answer is of this type: what reaches a cell while
    /// it fails is lost.</summary>
    /// <param name="question">Null: how the cell is.</param>
    protected async Task<T> UntilAsync<T>(ICellMessage? question = null) where T : class
    {
        var since = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(since) < Patience)
        {
            Cell.Tell(question ?? new GetCell { Cell = "north" }, Client.Ref);
            if (await Client.ReceiveOneAsync(TimeSpan.FromMilliseconds(500), Cancel) is T answer) return answer;
        }

        throw new TimeoutException($"no {typeof(T).Name} within {Patience}");
    }

    protected void Report(params WorkReport[] reports) =>
        Cell.Tell(new WorkReports { Cell = "north", Host = "h1", Reports = { reports } }, Host.Ref);

    protected static WorkReport Said(ReportKind kind, string node, long sequence, long id = 1) =>
        new() { Id = id, Node = node, Incarnation = 1, Sequence = sequence, Kind = kind };

    protected void Beat(int nodes = 0) =>
        Cell.Tell(new HostBeat { Cell = "north", Host = "h1", HostIncarnation = 7, Nodes = nodes }, Host.Ref);

    /// <summary>
    /// The cell answers a beat at once, also while a write is in flight. So whatever it had said to the host before is
    /// here when the answer is.
    /// </summary>
    protected async Task<IReadOnlyList<object>> SaidToHostAsync()
    {
        Beat();
        await NextAsync<BeatReply>(Host);
        var said = Kept(Host).ToList();
        Kept(Host).Clear();
        return said;
    }

    /// <summary>A cell with one node, and on it a gang whose start was ordered.</summary>
    protected async Task StartWithGangAsync()
    {
        StartCell();
        await AdmitAsync(Advert("n1"));
        await SubmitAsync("k", Gang());
        await StartOrderAsync(1);
    }

    /// <summary>A cell with two nodes and a dozen jobs, of which a snapshot was saved.</summary>
    protected async Task StartWithSnapshotAsync()
    {
        Options = Options with { SnapshotEventsMin = 10 };
        StartCell();
        await AdmitAsync(Advert("n1"), Advert("n2", model: "A10"));
        for (var i = 0; i < 12; i++)
        {
            Clock.Advance(TimeSpan.FromMinutes(3));
            await SubmitAsync($"k{i}", i % 3 == 0 ? Gang(4, $"g{i}") : Tasks(2, $"t{i}"));
        }

        while (Snapshots() == 0) await ViewAsync();
    }

    protected Task<StartOrder> StartOrderAsync(long sequence) =>
        OrderAsync(o => o.Starts.FirstOrDefault(s => s.Sequence == sequence));

    protected Task<StopOrder> StopOrderAsync(long sequence) =>
        OrderAsync(o => o.Stops.FirstOrDefault(s => s.Sequence == sequence));

    /// <summary>The next message of this type; what else comes is kept.</summary>
    protected async Task<T> NextAsync<T>(TestProbe probe, Func<T, bool>? wanted = null) where T : class
    {
        var kept = Kept(probe);
        while (true)
        {
            var index = kept.FindIndex(m => m is T t && (wanted is null || wanted(t)));
            if (index >= 0)
            {
                var found = (T)kept[index];
                kept.RemoveAt(index);
                return found;
            }

            kept.Add(await probe.ReceiveOneAsync(Patience, Cancel) ?? throw new TimeoutException(
                $"no {typeof(T).Name} as wanted came; {string.Join(", ", kept.Select(m => m.GetType().Name))} did"));
        }
    }

    /// <summary>Real time passes in steps that the cell does not take for a pause of its own; it ticks in each.
    /// </summary>
    protected async Task PassAsync(TimeSpan time, Action? each = null)
    {
        var digests = CreateTestProbe();
        DistributedPubSub.Get(Sys).Mediator.Tell(new Subscribe(CellOptions.StatusTopic, digests.Ref), digests.Ref);
        await NextAsync<SubscribeAck>(digests);
        var step = TimeSpan.FromSeconds(2);
        for (var passed = TimeSpan.Zero; passed < time; passed += step)
        {
            Real.Advance(step);
            each?.Invoke();
            // A digest is due after every step, and only a tick or a round publishes one.
            await NextAsync<CellView>(digests);
        }

        Sys.Stop(digests.Ref);
    }

    /// <summary>Rows of the cell in the journal, the rounds.</summary>
    protected long Rows() => Sql("SELECT COUNT(*) FROM journal WHERE persistence_id = 'cell-north'");

    protected long Snapshots() => Sql("SELECT COUNT(*) FROM snapshot WHERE persistence_id = 'cell-north'");

    protected long Sql(string command)
    {
        using var connection = OpenConnection();
        using var query = connection.CreateCommand();
        query.CommandText = command;
        return Convert.ToInt64(query.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Changes rows, with bytes as <c>@bytes</c>.</summary>
    /// <returns>How many.</returns>
    protected int Change(string command, byte[]? bytes = null)
    {
        using var connection = OpenConnection();
        using var change = connection.CreateCommand();
        change.CommandText = command;
        var parameter = change.CreateParameter();
        parameter.ParameterName = "bytes";
        parameter.Value = bytes ?? [];
        change.Parameters.Add(parameter);
        return change.ExecuteNonQuery();
    }

    /// <summary>The bytes of a row or of a snapshot.</summary>
    protected byte[] Bytes(string query)
    {
        using var connection = OpenConnection();
        using var command = connection.CreateCommand();
        command.CommandText = query;
        return (byte[])command.ExecuteScalar()!;
    }

    protected DbConnection OpenConnection() => _store.Open();

    protected string LockSql => _store.LockSql;

    protected JournalReader Reader() => new(Sys, Options);

    /// <summary>The cell's state from the journal alone.</summary>
    protected Task<CellState> ReplayedAsync() => Reader().StateAtRoundAsync("north", long.MaxValue, Cancel);

    protected override void AfterAll()
    {
        base.AfterAll();
        _store.Dispose();
    }

    private async Task<T> OrderAsync<T>(Func<NodeOrders, T?> pick) where T : class =>
        pick(await NextAsync<NodeOrders>(Host, o => pick(o) is not null))!;

    private List<object> Kept(TestProbe probe)
    {
        if (!_kept.TryGetValue(probe, out var kept)) _kept.Add(probe, kept = []);
        return kept;
    }

    private static Config Settings(CellStore store) => ConfigurationFactory.ParseString(
        $$"""
        akka.loglevel = OFF
        akka.log-dead-letters = off
        akka.log-dead-letters-during-shutdown = off
        akka.persistence.journal.plugin = "akka.persistence.journal.held"
        akka.persistence.journal.held.class = "{{typeof(HeldJournal).AssemblyQualifiedName}}"
        """).WithFallback(store.Settings);
}
