using System.Text.Json;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Formats.Fleets;
using Stockpile.Formats.Policies;
using Stockpile.Hosting.Configuration;
using Stockpile.Inspect.Catalogue;
using Stockpile.Inspect.Palettes;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Api;
using Stockpile.Scheduler.Api.Json;
using Stockpile.Scheduler.Tests.Api;

namespace Stockpile.Inspect.Tests.Palettes;

/// <summary>Our own palettes over a fake cluster, called as a library.</summary>
public sealed class PaletteBench
{
    private static readonly Catalog Catalog = CatalogFile.Read(StockpileConfig.PathOf("accelerators.conf"));
    private static readonly Policy Policy = PolicyFile.Read(StockpileConfig.PathOf("policy.conf"), Catalog);

    public PaletteBench()
    {
        var cluster = new ClusterAccess(Gateway, Options, Policy, ReadRounds);
        Palettes = OwnPalettes.Create(() => cluster);
    }

    public FakeGateway Gateway { get; } = new();

    public IReadOnlyList<Palette> Palettes { get; }

    /// <summary>What the journal holds, and what of it was asked for.</summary>
    public List<Round> Rounds { get; } = [];

    public List<(string Cell, long Newest, int Count)> RoundsAsked { get; } = [];

    public static ApiOptions Options { get; } = new()
    {
        Catalog = Catalog,
        Validate = spec => JobValidator.Validate(spec, Catalog, Policy),
        ToWire = spec => spec.ToWire(),
        FromWire = msg => msg.FromWire(),
    };

    public static JobView Job(string id, string state = "running", Action<JobView>? change = null)
    {
        var job = new JobView
        {
            Id = id,
            Spec = new JobSpec { Name = "gang", Kind = JobKind.Training, Devices = 16, WorkHours = 4 }.ToWire(),
            State = state,
            Cell = "north",
            SubmittedAtMs = 1_714_564_800_000,
            Done = 0.25,
        };
        change?.Invoke(job);
        return job;
    }

    public static AllocationView Allocation(string id = "north-1.7", bool guest = false) => new()
    {
        Id = id, Job = "north-1", Node = "n1", Model = "H800", Tier = "frontier", Devices = { 0, 1 }, Guest = guest,
        State = "running",
    };

    public (Palette Palette, InspectCommand Command) Find(string palette, string command)
    {
        var found = Palettes.Single(p => p.Name == palette);
        return (found, found.Commands.Single(c => c.Name == command));
    }

    /// <summary>Runs a command with arguments of the catalogue, by name.</summary>
    public async Task<Recorder> RunAsync(
        string palette, string command, params (string Name, string Value)[] arguments)
    {
        var (where, what) = Find(palette, command);
        foreach (var (name, _) in arguments) Assert.Contains(what.Arguments, a => a.Name == name);
        var values = arguments.ToLookup(a => a.Name, a => a.Value);
        var answer = new Recorder();
        await what.Run(new CommandCall(where, what, values), answer, TestContext.Current.CancellationToken);
        return answer;
    }

    /// <summary>Runs a command that is refused, and gives the one line it is refused with.</summary>
    public async Task<string> RefusedAsync(
        string palette, string command, params (string Name, string Value)[] arguments)
    {
        var fault = await Assert.ThrowsAsync<CommandRefusedException>(() => RunAsync(palette, command, arguments));
        Assert.DoesNotContain('\n', fault.Message);
        return fault.Message;
    }

    private Task<IReadOnlyList<Round>> ReadRounds(string cell, long newest, int count, CancellationToken cancel)
    {
        RoundsAsked.Add((cell, newest, count));
        return Task.FromResult<IReadOnlyList<Round>>([.. Rounds.TakeLast(count)]);
    }
}

/// <summary>Keeps the lines of an answer.</summary>
public sealed class Recorder : IAnswer
{
    public List<string> Lines { get; } = [];

    public List<object?> Data { get; } = [];

    /// <summary>The data that are not null, as <c>--json</c> shows them.</summary>
    public IEnumerable<string> Json =>
        Data.OfType<object>().Select(d => JsonSerializer.Serialize(d, d.GetType(), ApiJson.Options));

    public ValueTask LineAsync(string text, object? data = null)
    {
        Lines.Add(text);
        Data.Add(data);
        return ValueTask.CompletedTask;
    }
}
