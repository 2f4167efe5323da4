using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Stockpile.Tests.Shared.Faults;

/// <summary>
/// A cluster of real processes to be broken: a PostgreSQL server of its own, three schedulers, three hosts of simulated
/// nodes with nodes in every cell, and clients that go on submitting. Where root may, every process is in a network
/// namespace of its own and the database is on a small disk; else some faults have no place to happen.
/// </summary>
internal sealed class FaultLab : IAsyncDisposable
{
    /// <summary>Simulated seconds per real one.</summary>
    public const int Speed = 60;

    public static readonly IReadOnlyList<string> Cells = ["north", "east", "south", "west"];

    /// <summary>Far more than anything here takes on a machine that does nothing else.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    private const int SchedulerCount = 3;
    private const int HostCount = 3;
    private const int DiskMebibytes = 768;
    private const int NodesPerHost = 8;

    private readonly Dictionary<string, string> _owners = new(StringComparer.Ordinal);
    private readonly HashSet<LabProcess> _faulted = [];
    private readonly List<(LabProcess Member, int ExitCode, string Said)> _ended = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("stockpile-faults-").FullName;
    private readonly LabNetwork _network;
    private readonly string _program;

    /// <summary>In namespaces members answer on addresses that others reach, and so want to know who asks.</summary>
    private readonly string _token = RandomNumberGenerator.GetHexString(64, lowercase: true);

    private int _turn;

    private FaultLab(string program, LabNetwork network, SmallDisk? disk, PostgresInstance postgres)
    {
        _program = program;
        _network = network;
        Disk = disk;
        Postgres = postgres;
        Http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", _token) },
        };
        Tail = new JournalTail(postgres.Connection("postgres"));
        Load = new LoadClients(this);
        var ports = Enumerable.Range(1, SchedulerCount)
            .Select(n => network.IsApart ? 4053 : PostgresInstance.FreePort()).ToList();
        var seeds = string.Join(',', ports.Select((port, i) => $"{network.AddressOf(i + 1)}:{port}"));
        Schedulers = [.. ports.Select((port, i) => Member($"scheduler-{i + 1}", i + 1, "scheduler", port, seeds, []))];
        Hosts = [.. Enumerable.Range(1, HostCount).Select(n => Member(
            $"host-{n}", SchedulerCount + n, "node", 0, seeds,
            [$"stockpile.host.name=host-{n}", $"stockpile.host.fleet={WriteFleet(n)}"]))];
    }

    public IReadOnlyList<LabProcess> Schedulers { get; }

    public IReadOnlyList<LabProcess> Hosts { get; }

    public IEnumerable<LabProcess> Members => Schedulers.Concat(Hosts);

    public PostgresInstance Postgres { get; }

    public SmallDisk? Disk { get; }

    /// <summary>Null: nothing can be cut.</summary>
    public NamespaceNetwork? Network => _network as NamespaceNetwork;

    /// <summary>Why there is no <see cref="Network"/> or no <see cref="Disk"/>.</summary>
    public string WhyNot { get; private init; } = "";

    /// <summary>For how long the database is away when it is stopped.</summary>
    public TimeSpan Outage { get; private init; }

    public HttpClient Http { get; }

    public JournalTail Tail { get; }

    public LoadClients Load { get; }

    /// <summary>Makes everything and starts it, without load; <see cref="WholeAsync"/> waits for it.</summary>
    /// <param name="programs">See <see cref="PostgresInstance.FindPrograms"/>.</param>
    /// <param name="program">The <c>stockpile.dll</c> that runs; null: the one that was built beside this code.</param>
    /// <param name="outage">For how long the database is away; null: as long as the faults say.</param>
    public static FaultLab Start(string programs, string? program = null, TimeSpan? outage = null)
    {
        var network = NamespaceNetwork.TryCreate(SchedulerCount + HostCount, out var noNetwork);
        var disk = SmallDisk.TryCreate(DiskMebibytes, out var noDisk);
        var postgres = new PostgresInstance(programs, new PostgresOptions
        {
            Disk = disk?.FullPath,
            Wide = network?.Home,
            // The log of writes would take more than the small disk has.
            Settings = ["max_wal_size=64MB", "min_wal_size=32MB"],
        });
        var lab = new FaultLab(
            program ?? Path.Combine(AppContext.BaseDirectory, "stockpile.dll"),
            (LabNetwork?)network ?? new LoopbackNetwork(), disk, postgres)
        {
            Outage = outage ?? Faults.Outage,
            WhyNot = string.Join("; ", new[] { noNetwork, noDisk }.Where(why => why.Length > 0)),
        };
        foreach (var member in lab.Members) member.Start();
        return lab;
    }

    /// <summary>The number of a member on the network.</summary>
    public int NumberOf(LabProcess member) => Members.ToList().IndexOf(member) + 1;

    /// <summary>The cells that run on the scheduler, by the log.</summary>
    public IReadOnlyList<string> CellsOf(LabProcess scheduler)
    {
        lock (_owners) return [.. _owners.Where(o => o.Value == scheduler.Name).Select(o => o.Key)];
    }

    /// <summary>The next scheduler, each in its turn, that runs a cell.</summary>
    public LabProcess NextOwner()
    {
        for (var tried = 0; tried < Schedulers.Count; tried++)
        {
            var scheduler = Schedulers[_turn++ % Schedulers.Count];
            if (CellsOf(scheduler).Count > 0) return scheduler;
        }

        throw new InvalidOperationException("no scheduler runs a cell");
    }

    public LabProcess NextHost() => Hosts[_turn++ % Hosts.Count];

    public bool IsFaulted(LabProcess member)
    {
        lock (_faulted) return _faulted.Contains(member);
    }

    /// <summary>From now on what fails at this member is no wonder, until the cluster is whole again.</summary>
    public void Fault(LabProcess member)
    {
        lock (_faulted) _faulted.Add(member);
    }

    /// <summary>Members that ended although nobody had touched them, since this was last asked.</summary>
    public IReadOnlyList<(LabProcess Member, int ExitCode, string Said)> TakeEnded()
    {
        var ended = _ended.ToList();
        _ended.Clear();
        return ended;
    }

    /// <summary>
    /// Starts what has ended, as a supervisor would, and waits until every scheduler is ready and sees every node so.
    /// </summary>
    public async Task WholeAsync(CancellationToken cancel)
    {
        var missing = "";
        await UntilAsync("the cluster is whole", async () =>
        {
            Supervise();
            foreach (var member in Members.Where(m => !m.IsRunning)) member.Start();
            return (missing = await MissingAsync(cancel)).Length == 0;
        }, () => missing, cancel);
        lock (_faulted) _faulted.Clear();
    }

    /// <summary>Starts again what has ended although nobody had touched it, as a supervisor does at any time.</summary>
    public void Supervise()
    {
        foreach (var member in Members.Where(m => m.HasStarted && !m.IsRunning && !IsFaulted(m)))
        {
            _ended.Add((member, member.ExitCode, member.Tail(3)));
            member.Start();
        }
    }

    /// <summary>Those of the acknowledged jobs that the journal, as far as it was read since, does not have under their
    /// id and key.</summary>
    public IReadOnlyList<string> Lost(IEnumerable<Acknowledged> acknowledged)
    {
        var jobs = Tail.Ledger.Jobs;
        return [.. acknowledged.Where(j => !jobs.TryGetValue(j.Key, out var id) || id.ToString() != j.Id)
            .Select(j => $"{j.Id} ({j.Key})")];
    }

    /// <summary>Compares journal, cells and nodes; what disagrees, a line each.</summary>
    public async Task<IReadOnlyList<string>> AuditAsync(CancellationToken cancel)
    {
        using var answer = await GetAsync(Schedulers[0], "api/v1/audit", cancel)
            ?? throw new InvalidOperationException("the audit does not answer");
        return answer.RootElement.GetProperty("clean").GetBoolean()
            ? []
            : [.. answer.RootElement.GetProperty("findings").EnumerateArray().Select(f => $"audit: {f.GetRawText()}")];
    }

    /// <summary>An answer of a member; null: none, or a refusal.</summary>
    public async Task<JsonDocument?> GetAsync(LabProcess member, string path, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            using var response = await Http.GetAsync(new Uri(member.Url, path), limit.Token);
            var body = await response.Content.ReadAsStringAsync(limit.Token);
            return response.IsSuccessStatusCode ? JsonDocument.Parse(body) : null;
        }
        catch (Exception fault) when (!cancel.IsCancellationRequested
            && fault is HttpRequestException or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    /// <summary>Asks again until it holds.</summary>
    /// <exception cref="TimeoutException">It does not, after minutes.</exception>
    public async Task UntilAsync(
        string what, Func<Task<bool>> holds, Func<string> standing, CancellationToken cancel)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            if (TimeProvider.System.GetElapsedTime(since) > Patience)
                throw new TimeoutException($"{what}: not within {Patience}; {standing()}\n{Logs()}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancel);
        }
    }

    /// <summary>The end of every member's log, for whoever has to find out what happened.</summary>
    public string Logs() => string.Join('\n', Members.Select(m => $"== {m.Name}\n{m.Tail(60)}"));

    public async ValueTask DisposeAsync()
    {
        try
        {
            await Load.StopAsync(new CancellationToken(canceled: true));
        }
        catch (OperationCanceledException)
        {
            // Nobody answers any more.
        }

        foreach (var member in Members) member.Dispose();
        Postgres.Dispose();
        Disk?.Dispose();
        _network.Dispose();
        Http.Dispose();
        Load.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<string> MissingAsync(CancellationToken cancel)
    {
        foreach (var member in Members)
        {
            using var ready = await GetAsync(member, "healthz/ready", cancel);
            if (ready is null) return $"{member.Name} is not ready";
            if (ready.RootElement.TryGetProperty("down", out var down) && down.ValueKind == JsonValueKind.Array)
                return $"{member.Name} says {down.GetRawText()}";
        }

        foreach (var scheduler in Schedulers)
        {
            using var nodes = await GetAsync(scheduler, "api/v1/nodes?state=ready&limit=1000", cancel);
            var ready = nodes?.RootElement.GetProperty("nodes").GetArrayLength() ?? 0;
            if (ready < HostCount * NodesPerHost)
                return $"{scheduler.Name} sees {ready} of {HostCount * NodesPerHost} nodes ready";
        }

        return "";
    }

    private LabProcess Member(
        string name, int number, string role, int port, string seeds, IReadOnlyList<string> more)
    {
        var address = _network.AddressOf(number);
        var http = new Uri(string.Create(CultureInfo.InvariantCulture,
            $"http://{address}:{(_network.IsApart ? 8080 : PostgresInstance.FreePort())}/"));
        string[] settings =
        [
            "stockpile.journal.store=postgres", "stockpile.journal.postgres.database=postgres",
            $"stockpile.journal.postgres.host={(object?)_network.Home?.Address ?? "127.0.0.1"}",
            $"stockpile.journal.postgres.port={Postgres.Port}", $"stockpile.clock.speed={Speed}",
            $"stockpile.http.url={http}", "stockpile.inspector.port=0",
            $"stockpile.cluster.hostname={address}", $"stockpile.cluster.port={port}",
            $"stockpile.cluster.seeds={seeds}", .. more,
        ];
        var environment = new Dictionary<string, string>
        {
            ["STOCKPILE__JOURNAL__POSTGRES__USERNAME"] = PostgresInstance.Owner,
            ["STOCKPILE__JOURNAL__POSTGRES__PASSWORD"] = PostgresInstance.Password,
            ["STOCKPILE__HTTP__TOKENS__LAB__ROLE"] = "operator",
            ["STOCKPILE__HTTP__TOKENS__LAB__TOKEN"] = _token,
            ["STOCKPILE_SERVER"] = "",
        };
        return new LabProcess(name, _program, _network.Enter(number),
            ["run", role, .. settings.SelectMany(s => new[] { "--set", s })], environment, http)
        {
            OnLine = Watch,
        };
    }

    /// <summary>A node for gangs and one for tasks in every cell, so that each cell outlives any host.</summary>
    private string WriteFleet(int host)
    {
        var file = Path.Combine(_folder, $"host-{host}.conf");
        var cells = string.Concat(Cells.Select(cell => $$"""
                {{cell}}.groups = [
                  { name-prefix = gang-{{host}}, model = A800, count = 1, devices = 8, cpu = 128, memory = 1TiB,
                    labels { cell = {{cell}} } }
                  { name-prefix = task-{{host}}, model = A10, count = 1, devices = 8, cpu = 128, memory = 512GiB,
                    labels { cell = {{cell}} } }
                ]

            """));
        File.WriteAllText(file, $"fleet {{\n  name = host-{host}\n  cells {{\n{cells}  }}\n}}\n");
        return file;
    }

    private void Watch(LabProcess member, string line)
    {
        // "cell north recovered at round 7: …"
        var at = line.IndexOf(" recovered at round ", StringComparison.Ordinal);
        if (at < 0) return;
        var cell = line[..at].Split(' ')[^1];
        lock (_owners) _owners[cell] = member.Name;
    }
}
