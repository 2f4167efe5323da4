using System.Net;
using System.Text.Json;
using Stockpile.Cli.Client;
using Stockpile.Scheduler.Api.Json;

namespace Stockpile.Cli.Bench;

/// <summary>
/// Submits jobs from many clients at once and never twice. At a rate every submission has its time, whatever became of
/// those before it, and its latency counts from that time: a server that stalls is charged with all who would have
/// come meanwhile. As fast as it goes, a client sends the next one when it has the answer to the last.
/// </summary>
internal sealed class LoadRun(StockpileClient client, LoadPlan plan, LoadTally tally, TimeProvider clock)
{
    private readonly long _start = clock.GetTimestamp();
    private long _taken;
    private string? _wrong;

    public TimeSpan Elapsed => clock.GetElapsedTime(_start);

    /// <summary>Why the cluster takes no such job at all, where the run ends; null: it does.</summary>
    public string? Wrong => _wrong;

    /// <summary>Returns when every answer is in.</summary>
    /// <param name="stop">Nothing more is sent.</param>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(
        Enumerable.Range(0, plan.Clients).Select(_ => Task.Run(() => ClientAsync(stop), CancellationToken.None)));

    private async Task ClientAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested && _wrong is null)
        {
            if (Elapsed >= plan.For) return;
            var number = Interlocked.Increment(ref _taken) - 1;
            if (number >= plan.Jobs) return;
            var due = Elapsed;
            if (plan.Rate is { } rate)
            {
                due = TimeSpan.FromSeconds(number / rate);
                if (due >= plan.For) return;
                var early = due - Elapsed;
                if (early > TimeSpan.Zero)
                    await Task.Delay(early, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (stop.IsCancellationRequested) return;
            }

            await SubmitAsync(number, due);
        }
    }

    private async Task SubmitAsync(long number, TimeSpan due)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(plan.Job with { Name = plan.Prefix + number }, ApiJson.Options);
        tally.Sent();
        try
        {
            using var response = await client.TryAsync(HttpMethod.Post, "jobs", body, CancellationToken.None);
            var answer = await response.Content.ReadAsByteArrayAsync();
            var latency = Elapsed - due;
            if (response.IsSuccessStatusCode) tally.Accept(latency, placed: StateOf(answer) != "pending");
            else tally.Refuse(latency, (int)response.StatusCode, bare: response.Headers.RetryAfter is null);
            // All of the run's jobs are alike: what is wrong with the first is wrong with all.
            if (response.StatusCode == HttpStatusCode.BadRequest && tally.Accepted == 0)
                _wrong = DetailOf(answer);
        }
        catch (HttpRequestException fault)
        {
            tally.Fail(fault.HttpRequestError.ToString());
        }
        catch (JsonException)
        {
            tally.Fail("an answer that is not Stockpile's");
        }
        catch (OperationCanceledException)
        {
            tally.Fail("no answer in time");
        }
    }

    private static string DetailOf(byte[] answer)
    {
        using var document = JsonDocument.Parse(answer);
        return document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("detail", out var detail)
                ? $"{detail}"
                : throw new JsonException("the answer has no detail");
    }

    private static string? StateOf(byte[] answer)
    {
        using var document = JsonDocument.Parse(answer);
        return document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("state", out var state)
                ? state.GetString()
                : throw new JsonException("the answer has no state");
    }
}
