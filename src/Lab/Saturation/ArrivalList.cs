using Stockpile.Core;
using Stockpile.Core.Jobs;
using Stockpile.Core.Scoring;
using Stockpile.Formats;

namespace Stockpile.Lab.Saturation;

/// <summary>One task that arrives.</summary>
public sealed record Arrival(TaskShape Shape, IReadOnlyList<string> Models);

/// <summary>The order of arrival in the experiment of Weng et al. (ATC'23).</summary>
public static class ArrivalList
{
    /// <summary>
    /// Sorts by name, shuffles (Fisher–Yates), and brings the whole demand to <paramref name="tune"/> × the capacity:
    /// random pods of the list are appended, with replacement, until the next one would pass it, or random ones are
    /// taken out. As in the published program, that check adds the share of one device of the next pod, not of all
    /// its devices.
    /// </summary>
    /// <param name="tune">Device demand over capacity at the end; 0: the list as it is.</param>
    public static List<Arrival> Of(IReadOnlyList<JobSpec> pods, long capacityMilli, double tune, Random random)
    {
        var lists = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var original = pods.OrderBy(p => p.Name, StringComparer.Ordinal)
            .Select(p => new Arrival(TaskShape.Of(p), Shared(p.Models))).ToList();
        var list = original.ToArray();
        random.Shuffle(list);
        var arrivals = list.ToList();
        if (tune <= 0) return arrivals;

        var limit = tune * capacityMilli;
        var sum = arrivals.Sum(a => (long)a.Shape.DeviceMilli);
        while (sum < limit)
        {
            var next = original[random.Next(original.Count)];
            if (sum + next.Shape.MilliEach > limit) break;
            sum += next.Shape.DeviceMilli;
            arrivals.Add(next);
            if (arrivals.Count >= FormatLimits.ScenarioJobsMax) break;
        }

        while (sum > limit && arrivals.Count > 0)
        {
            var at = random.Next(arrivals.Count);
            sum -= arrivals[at].Shape.DeviceMilli;
            arrivals.RemoveAt(at);
        }

        return arrivals;

        // Pods that name the same models share one list, by which the index knows them.
        IReadOnlyList<string> Shared(IReadOnlyList<string> models)
        {
            var key = string.Join('|', models);
            if (!lists.TryGetValue(key, out var list)) lists.Add(key, list = models);
            return list;
        }
    }
}
