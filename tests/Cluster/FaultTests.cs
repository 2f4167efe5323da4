using Stockpile.Tests.Shared;
using Stockpile.Tests.Shared.Faults;

namespace Stockpile.Cluster.Tests;

/// <summary>The cluster that is broken, one fault after the other.</summary>
public sealed class FaultLabFixture : IAsyncLifetime
{
    /// <summary>Longer than a write may take (<c>call-timeout</c>), so that what was under way has failed.</summary>
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(12);

    internal FaultLab? Lab { get; private set; }

    public ValueTask InitializeAsync()
    {
        if (PostgresInstance.FindPrograms() is { } programs)
            Lab = FaultLab.Start(programs, PublishedProgram.FullPath, Outage);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (Lab is not null) await Lab.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>
/// Three schedulers, three hosts and PostgreSQL under load, broken in one way after the other. Every fault finds the
/// cluster whole and leaves it whole, so their order does not matter; the books of the journal are kept over all.
/// </summary>
public sealed class FaultTests(FaultLabFixture fixture) : IClassFixture<FaultLabFixture>
{
    public static TheoryData<string> Names => [.. Faults.All.Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Nothing_acknowledged_is_lost_and_nothing_happens_twice(string fault)
    {
        var cancel = TestContext.Current.CancellationToken;
        if (Lab() is not { } lab || IsMissing(Faults.Of(fault).WhyNot(lab))) return;
        await UnderLoadAsync(lab, cancel);
        var run = await FaultScene.RunAsync(lab, Faults.Of(fault), cancel);
        var figures = $"{run.InFlight} in flight, {run.Acknowledged} acknowledged, {run.Told} told to wait, "
            + $"{run.FailedAtFaulted} failed where it broke, recovered in {string.Join(", ", run.RecoverSeconds)} s, "
            + $"slowest submission {run.SlowestSeconds} s, {run.WallSeconds} s in all";
        TestContext.Current.TestOutputHelper?.WriteLine(figures);
        Assert.True(run.Findings.Count == 0, $"{string.Join('\n', run.Findings)}\n{figures}\n{lab.Logs()}");
        // Else nothing was at stake.
        Assert.True(run.InFlight > 0, $"no job was in flight: {figures}");
        Assert.True(run.Acknowledged > 0, $"no job was taken since: {figures}");
    }

    [Fact]
    public async Task At_rest_every_acknowledged_job_has_ended_once_and_the_audit_is_clean()
    {
        var cancel = TestContext.Current.CancellationToken;
        if (Lab() is not { } lab) return;
        await UnderLoadAsync(lab, cancel);
        var rest = await FaultScene.RestAsync(lab, cancel);
        Assert.True(rest.Count == 0, $"{string.Join('\n', rest)}\n{lab.Logs()}");
    }

    private static async Task UnderLoadAsync(FaultLab lab, CancellationToken cancel)
    {
        await lab.WholeAsync(cancel);
        lab.Load.Start();
        var before = lab.Load.Jobs.Count;
        await lab.UntilAsync("jobs are taken", () => Task.FromResult(lab.Load.Jobs.Count > before + 30),
            () => $"{lab.Load.Jobs.Count - before} were", cancel);
    }

    private FaultLab? Lab() => IsMissing(fixture.Lab is null ? PostgresInstance.Missing : null) ? null : fixture.Lab;

    /// <summary>What cannot happen here is a skip with its reason, and in CI a failure.</summary>
    private static bool IsMissing(string? why)
    {
        if (why is null) return false;
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(why);
        Assert.Skip(why);
        return true;
    }
}
