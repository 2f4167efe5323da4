using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Stockpile.Core;
using Stockpile.Core.Audit;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Hosting.Access;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Audit;
using Stockpile.Scheduler.Routing;

namespace Stockpile.Scheduler.Tests.Api;

/// <summary>The API on a free port of this machine, over a fake cluster.</summary>
public sealed class ApiHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ApiHost(WebApplication app, FakeGateway gateway)
    {
        _app = app;
        Gateway = gateway;
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public FakeGateway Gateway { get; }

    public HttpClient Http { get; }

    public string Url => _app.Urls.Single();

    public static async Task<ApiHost> StartAsync(
        AccessTokens? tokens = null, TimeSpan? answerTimeout = null, StartGate? gate = null)
    {
        var gateway = new FakeGateway();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.UseLimits());
        builder.Services.AddSingleton<IStockpileGateway>(gateway);
        builder.Services.AddStockpileApi(new ApiOptions
        {
            Catalog = Catalog,
            Validate = Validate,
            ToWire = JobSpecMapping.ToWire,
            FromWire = JobSpecMapping.FromWire,
            EventInterval = TimeSpan.FromMilliseconds(20),
            ReadyTimeout = TimeSpan.FromMilliseconds(200),
            Tokens = tokens ?? AccessTokens.None,
            AnswerTimeout = answerTimeout,
        });
        if (gate is not null) builder.Services.AddSingleton(gate);
        var app = builder.Build();
        app.MapStockpileApi();
        app.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync();
        return new ApiHost(app, gateway);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }

    public static Catalog Catalog { get; } = new(["frontier", "basic"],
    [
        new Accelerator("H800", "frontier", 81_920, 989, 989, 3_350, 400, "test", false),
        new Accelerator("T4", "basic", 16_384, null, 65, 320, 0, "test", false),
    ]);

    /// <summary>A cell with one H800 node and one T4 node, of which a quarter is in use.</summary>
    public static CellView Cell(string name = "north", long round = 7)
    {
        var cell = new CellView
        {
            Cell = name, Epoch = 2, Round = round, AtMs = 1_714_564_800_000, Nodes = 2, NodesLost = 1, Devices = 12,
            PendingTraining = 3, Submitted = 9, Completed = 4,
        };
        cell.Models.Add(new ModelUse
        {
            Model = "T4", Tier = "basic", Nodes = 1, Devices = 4, InferenceMilli = 1_000, FreeMilli = 0,
            UnavailableMilli = 3_000,
        });
        cell.Models.Add(new ModelUse
        {
            Model = "H800", Tier = "frontier", Nodes = 1, Devices = 8, TrainingMilli = 2_000, FreeMilli = 6_000,
            FreeDevices = 6,
        });
        cell.Generations[3] = 2;
        return cell;
    }

    public static NodeView Node(string name = "n1") => new()
    {
        Node = name, Cell = "north", Host = "h1", Model = "H800", Tier = "frontier", Devices = 8, FreeDevices = 6,
        CpuMilli = 96_000, CpuFreeMilli = 48_500, MemoryMib = 1_048_576, MemoryFreeMib = 524_288, State = "ready",
    };

    /// <summary>The audit of one cell of which something is found, and one that does not answer.</summary>
    public static AuditReport Disagreeing { get; } = new(
        [
            new AuditedCell("north", "akka.tcp://stockpile@a:4053", 3, 41, DateTimeOffset.UnixEpoch, 12, 1, 30,
                "d969d33a689e98e9", 1, 2, 1),
            new AuditedCell("south", "", 0, 0, null, 0, 0, 0, "", 0, 0, 1),
        ],
        [
            new AuditFinding(AuditKind.NotRunning, "north", "n1", 7, "node n1 does not run allocation 7")
                { Host = "h1" },
            new AuditFinding(AuditKind.CellSilent, "south", "", 0, "cell south does not answer"),
        ],
        Looks: 3, Passed: 4);

    /// <summary>Two rules are enough to see that what the validator says arrives.</summary>
    private static List<Refusal> Validate(JobSpec spec)
    {
        var refusals = new List<Refusal>();
        if (spec.Name.Length > Limits.NameCharsMax)
            refusals.Add(new Refusal(Refusal.Invalid, "name", $"'{Names.Shorten(spec.Name)}' is not allowed"));
        if (spec.Devices < 0)
            refusals.Add(new Refusal(Refusal.Invalid, "devices", $"{spec.Devices} is not allowed; 1..100000"));
        if (spec.MinDevices < 0)
            refusals.Add(new Refusal(Refusal.Invalid, "min-devices", $"{spec.MinDevices} is not allowed; 0..100000"));
        return refusals;
    }
}
