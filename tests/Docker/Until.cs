namespace Stockpile.Docker.Tests;

internal static class Until
{
    /// <summary>Far more than anything here takes, also where others load the machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Asks again until it holds. Nobody answering is an answer too: that does not hold yet.</summary>
    public static async Task<T> HoldsAsync<T>(string what, Func<Task<T>> ask, Func<T, bool> holds)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            string last;
            try
            {
                var answer = await ask();
                if (holds(answer)) return answer;
                last = answer is System.Collections.IEnumerable and not string
                    ? string.Join("\n  ", ((System.Collections.IEnumerable)answer).Cast<object?>())
                    : $"{answer}";
            }
            catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
            {
                last = fault.Message;
            }

            if (TimeProvider.System.GetElapsedTime(since) > Patience)
                Assert.Fail($"{what}: not within {Patience}; the last answer:\n  {last}");
            await Task.Delay(TimeSpan.FromMilliseconds(500), TestContext.Current.CancellationToken);
        }
    }
}
