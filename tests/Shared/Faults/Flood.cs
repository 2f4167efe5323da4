using System.Globalization;
using System.Text;

namespace Stockpile.Tests.Shared.Faults;

/// <summary>
/// Clients that ask for more than the schedulers can do, and do not care when they are told to come again. What they
/// submit ends within a second; what they are answered is counted and not looked at.
/// </summary>
internal sealed class Flood : IAsyncDisposable
{
    private const string Job = """{"name":"flood","kind":"batch","tasks":1,"share":10,"duration":"1m"}""";

    /// <summary>Few enough for the clients to leave the cluster a part of the processors that they share.</summary>
    private const int Clients = 96;

    private static readonly TimeSpan AfterRefusal = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stop = new();
    private readonly FaultLab _lab;
    private readonly string _run = Guid.NewGuid().ToString("N")[..8];
    private readonly Task[] _clients;
    private int _taken;
    private int _refused;

    public Flood(FaultLab lab)
    {
        _lab = lab;
        _clients = [.. Enumerable.Range(0, Clients).Select(client => Task.Run(() => RunAsync(client)))];
    }

    public int Taken => Volatile.Read(ref _taken);

    public int Refused => Volatile.Read(ref _refused);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
        _stop.Dispose();
    }

    private async Task RunAsync(int client)
    {
        for (var number = 0; !_stop.IsCancellationRequested; number++)
        {
            var member = _lab.Schedulers[(client + number) % _lab.Schedulers.Count];
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(member.Url, "api/v1/jobs"))
            {
                Content = new StringContent(Job, Encoding.UTF8, "application/json"),
            };
            request.Headers.Add(
                "Idempotency-Key", string.Create(CultureInfo.InvariantCulture, $"flood-{_run}-{client}-{number}"));
            try
            {
                using var response = await _lab.Http.SendAsync(request, _stop.Token);
                if (response.IsSuccessStatusCode)
                {
                    Interlocked.Increment(ref _taken);
                    continue;
                }
            }
            catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or IOException)
            {
                // Nobody is there, or enough.
            }

            Interlocked.Increment(ref _refused);
            await Task.Delay(AfterRefusal);
        }
    }
}
