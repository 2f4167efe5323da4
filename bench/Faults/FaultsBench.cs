using System.Globalization;
using Stockpile.Tests.Shared.Faults;

namespace Stockpile.Bench.Faults;

/// <summary>
/// Lets each fault happen so many times, one after the other to one cluster that is kept up. A cluster that does not
/// become whole again is a finding, and the next fault gets a new one. Every fault has its turn before any happens
/// again, so that whatever the machine does besides falls on all of them.
/// </summary>
internal sealed class FaultsBench(string programs, string program, string folder)
{
    private readonly List<string> _skipped = [];
    private FaultsRecord _record = new([], [], []);
    private FaultLab? _lab;

    /// <param name="add">Whether the runs that stand in the folder count.</param>
    /// <returns>The exit code: 1 when something was not as promised.</returns>
    public async Task<int> RunAsync(IReadOnlyList<Fault> faults, int runs, bool add, CancellationToken cancel)
    {
        if (add) _record = FaultsReport.Read(folder);
        _record.Conditions.Add(Conditions.Now());
        try
        {
            for (var run = 1; run <= runs; run++)
            {
                foreach (var fault in faults.Where(f => _record.Runs.Count(r => r.Fault == f.Name) < run).ToList())
                {
                    if (_skipped.Any(s => s.StartsWith(fault.Name, StringComparison.Ordinal))) continue;
                    await RunOnceAsync(fault, run, cancel);
                    FaultsReport.Write(folder, _record, _skipped);
                }
            }

            if (_lab is not null) await RestAsync(_lab, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            Say("interrupted; what was measured is written");
        }
        finally
        {
            if (_lab is not null) await _lab.DisposeAsync();
        }

        FaultsReport.Write(folder, _record, _skipped);
        Console.WriteLine(File.ReadAllText(Path.Combine(folder, "faults.md")));
        return _record.NotAsPromised.Any() ? 1 : 0;
    }

    private async Task RunOnceAsync(Fault fault, int number, CancellationToken cancel)
    {
        try
        {
            _lab ??= await StartAsync(cancel);
            if (fault.WhyNot(_lab) is { } why)
            {
                _skipped.Add($"{fault.Name}: {why}");
                return;
            }

            var run = await FaultScene.RunAsync(_lab, fault, cancel);
            _record.Runs.Add(run);
            Say(string.Create(CultureInfo.InvariantCulture,
                $"{fault.Name} {number}: {run.InFlight} in flight, {run.Lost} lost, {run.Doubled} doubled, "
                + $"{run.FailedElsewhere.Values.Sum()} failed, {run.FailedAtFaulted} failed where it broke, "
                + $"{run.Told} told to wait; recovered in "
                + $"{string.Join(", ", run.RecoverSeconds.Select(Seconds))} s, "
                + $"slowest submission {run.SlowestSeconds:0.0} s, {run.WallSeconds:0} s in all"));
            foreach (var finding in run.Findings) Say($"{fault.Name} {number}: {finding}");
            if (run.Findings.Count > 0 || run.RecoverSeconds.Any(s => s > fault.GoalSeconds))
                KeepLogs(_lab, fault, number);
        }
        catch (Exception broken) when (broken is TimeoutException or InvalidOperationException)
        {
            Find($"{fault.Name} {number}: {broken.Message}");
            if (_lab is null) throw;
            KeepLogs(_lab, fault, number);
            await _lab.DisposeAsync();
            _lab = null;
        }
    }

    private static string Seconds(double seconds) => seconds.ToString("0.0", CultureInfo.InvariantCulture);

    private async Task<FaultLab> StartAsync(CancellationToken cancel)
    {
        var lab = FaultLab.Start(programs, program);
        await lab.WholeAsync(cancel);
        lab.Load.Start();
        await lab.UntilAsync("jobs are taken", () => Task.FromResult(lab.Load.Jobs.Count > 100),
            () => $"{lab.Load.Jobs.Count} were", cancel);
        return lab;
    }

    private async Task RestAsync(FaultLab lab, CancellationToken cancel)
    {
        try
        {
            foreach (var finding in await FaultScene.RestAsync(lab, cancel)) Find($"at rest: {finding}");
        }
        catch (TimeoutException never)
        {
            Find($"at rest: {never.Message}");
        }

        Say(string.Create(CultureInfo.InvariantCulture,
            $"at rest: {lab.Load.Jobs.Count} jobs acknowledged, {lab.Tail.Ledger.Jobs.Count} in the journal"));
    }

    private static void KeepLogs(FaultLab lab, Fault fault, int number)
    {
        var file = Path.Combine(Path.GetTempPath(), $"faults-{fault.Name}-{number}.log");
        File.WriteAllText(file, string.Join('\n', lab.Members.Select(m => $"== {m.Name}\n{m.Tail(2_000)}")));
        Say($"the logs are in {file}");
    }

    private void Find(string what)
    {
        _record.Broken.Add(what.Split('\n')[0]);
        Say(what.Split('\n')[0]);
    }

    private static void Say(string line) => Console.Error.WriteLine($"faults-bench: {line}");
}
