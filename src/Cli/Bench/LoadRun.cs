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

    public TimeSpan Elapsed => clock.GetElapsedTime(_start);

    /// <summary>Returns when every answer is in.</summary>
    public Task RunAsync(CancellationToken cancel) => Task.WhenAll(
        Enumerable.Range(0, plan.Clients).Select(_ => Task.Run(() => ClientAsync(cancel), cancel)));

    private async Task ClientAsync(CancellationToken cancel)
    {
        while (true)
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
                if (early > TimeSpan.Zero) await Task.Delay(early, clock, cancel);
            }

            await SubmitAsync(number, due, cancel);
        }
    }

    private async Task SubmitAsync(long number, TimeSpan due, CancellationToken cancel)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(plan.Job with { Name = plan.Prefix + number }, ApiJson.Options);
        tally.Sent();
        try
        {
            using var response = await client.TryAsync(HttpMethod.Post, "jobs", body, cancel);
            var answer = await response.Content.ReadAsByteArrayAsync(cancel);
            var latency = Elapsed - due;
            if (response.IsSuccessStatusCode) tally.Accept(latency, placed: StateOf(answer) != "pending");
            else tally.Refuse(latency, (int)response.StatusCode, bare: response.Headers.RetryAfter is null);
        }
        catch (HttpRequestException fault)
        {
            tally.Fail(fault.HttpRequestError.ToString());
        }
        catch (JsonException)
        {
            tally.Fail("an answer that is not Stockpile's");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            tally.Fail("no answer in time");
        }
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
