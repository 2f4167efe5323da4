using System.Net;
using Stockpile.Tests.Shared.Faults;

namespace Stockpile.Cluster.Tests;

/// <summary>A process whose data folder has no room left.</summary>
public sealed class DiskFullTests
{
    private const string Job = """{"name":"eval","kind":"batch","tasks":2,"devices":1,"duration":"5m"}""";

    [Fact]
    public async Task A_full_disk_acknowledges_nothing_and_what_was_refused_is_taken_when_there_is_room_again()
    {
        var cancel = TestContext.Current.CancellationToken;
        if (SmallDisk.TryCreate(48, out var whyNot) is not { } disk)
        {
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(whyNot);
            Assert.Skip(whyNot);
            return;
        }

        using var _ = disk;
        var data = Path.Combine(disk.FullPath, "data");
        var acknowledged = new Dictionary<string, string>();
        await using (var up = await StockpileProcess.UpAsync(data, speed: 600))
        {
            for (var i = 0; i < 20; i++) await TakenAsync(up, $"before-{i}");

            // What the log of the process gives back is taken as well, until a write fails.
            var refused = 0;
            for (var i = 0; refused < 3; i++)
            {
                disk.Fill();
                var (status, id) = await up.Http.SubmitAsync($"full-{i}", Job, cancel);
                if (status == HttpStatusCode.Created) acknowledged[$"full-{i}"] = id;
                else if (status == HttpStatusCode.ServiceUnavailable) refused++;
                else Assert.Fail($"{status}: {id}");
                Assert.True(i < 500, "no write ever failed");
            }

            disk.Free();
            for (var i = 0; i < 20; i++) await TakenAsync(up, $"after-{i}");
            foreach (var (key, id) in acknowledged.ToList()) Assert.Equal(id, await TakenAsync(up, key));
            await up.Http.UntilAsync("everything is done", jobs => jobs.All(j => j.State == "completed"), cancel);
            Assert.Equal(0, (await up.TerminateAsync()).ExitCode);
        }

        var audit = await JournalAudit.ReadAsync(data, cancel);
        foreach (var (key, id) in acknowledged) Assert.Equal(id, audit.Jobs[key].ToString());
        var check = await StockpileProcess.RunAsync("journal", "check", "--data", data);
        Assert.True(check.ExitCode == 0, check.Error + check.Out);

        async Task<string> TakenAsync(StockpileProcess up, string key)
        {
            var since = TimeProvider.System.GetTimestamp();
            while (true)
            {
                var (status, id) = await up.Http.SubmitAsync(key, Job, cancel);
                if (status is HttpStatusCode.Created or HttpStatusCode.OK) return acknowledged[key] = id;
                Assert.True(status == HttpStatusCode.ServiceUnavailable, $"{status}: {id}");
                Assert.True(TimeProvider.System.GetElapsedTime(since) < StockpileProcess.Patience, id);
                await Task.Delay(TimeSpan.FromMilliseconds(200), cancel);
            }
        }
    }
}
