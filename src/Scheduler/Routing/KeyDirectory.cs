using Stockpile.Core;
using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Routing;

/// <summary>Asks the key desks which cells keys belong to. It costs as much with one cell as with a thousand.</summary>
/// <param name="ask">Asks one desk, and repeats that as the caller repeats its questions; throws when none answers.
/// </param>
public sealed class KeyDirectory(Func<IDeskMessage, Task<IWireMessage>> ask)
{
    /// <summary>
    /// The bindings of all these keys, made where they were unknown. Of several wishes for one key the first counts.
    /// </summary>
    public Task<IReadOnlyDictionary<string, KeyBinding>> BindAsync(IEnumerable<KeyWish> wishes) => AskAsync(wishes);

    /// <summary>The bindings of those keys that have one; nothing is bound.</summary>
    public Task<IReadOnlyDictionary<string, KeyBinding>> LookUpAsync(IEnumerable<string> keys) =>
        AskAsync(keys.Select(key => new KeyWish { Key = key }));

    private async Task<IReadOnlyDictionary<string, KeyBinding>> AskAsync(IEnumerable<KeyWish> wishes)
    {
        var messages = wishes.DistinctBy(wish => wish.Key, StringComparer.Ordinal)
            .GroupBy(wish => KeyDesks.Of(wish.Key), StringComparer.Ordinal)
            .OrderBy(desk => desk.Key, StringComparer.Ordinal)
            .SelectMany(desk => desk.Chunk(SchedulerLimits.KeysPerMessageMax)
                .Select(some => new BindKeys { Desk = desk.Key, Wishes = { some } }));
        var replies = await Task.WhenAll(messages.Select(ask)).ConfigureAwait(false);
        var bindings = new Dictionary<string, KeyBinding>(StringComparer.Ordinal);
        foreach (var reply in replies.Cast<BindKeysReply>())
            foreach (var binding in reply.Bindings)
                if (binding.Generation > 0)
                    bindings[binding.Key] = binding;
        return bindings;
    }
}
