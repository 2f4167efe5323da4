using Stockpile.Core.Fleets;
using Stockpile.Core.Placement;
using Stockpile.Core.State;

namespace Stockpile.Core.Queueing;

/// <summary>
/// Finds the gangs that must leave for a gang of a higher priority class, and when it could start if none may leave
/// yet. Whole gangs leave, never a part. Guests count as gone already: they leave before any gang does.
/// </summary>
public static class Preemption
{
    /// <summary>
    /// The cheapest set of running gangs without which the job fits: gangs of a strictly lower priority class that are
    /// not protected, do not run by another tenant's right (<see cref="Debts.AllowPush"/>) and never left for this job
    /// before; the lowest class first, in it those that lose least work.
    /// Null when not even all of them would do.
    /// </summary>
    public static IReadOnlyList<JobState>? Victims(
        CellState state, JobState job, IReadOnlyList<Alternative> alternatives, Holders holders)
    {
        foreach (var alternative in alternatives)
            if (Victims(state, job, alternative, holders) is { } victims) return victims;
        return null;
    }

    private static List<JobState>? Victims(CellState state, JobState job, Alternative alternative, Holders holders)
    {
        var debts = new Debts(state, alternative.Tier);
        var candidates = holders.Gangs(alternative.Model)
            .Where(h => MayPush(job, h, debts) && h.Until <= holders.Now).ToList();
        if (candidates.Count == 0) return null;

        // Two orders, because the cheapest device may belong to a gang far larger than what is short.
        var perDevice = Choose(state, job, alternative, candidates
            .OrderBy(h => h.Job.Spec.Priority).ThenBy(h => h.Cost / Math.Max(1, h.Devices))
            .ThenByDescending(h => h.Job.Number));
        if (perDevice is null) return null;
        var perGang = Choose(state, job, alternative, candidates
            .OrderBy(h => h.Job.Spec.Priority).ThenBy(h => h.Cost).ThenByDescending(h => h.Job.Number)) ?? perDevice;
        return [.. (Worth(perGang).CompareTo(Worth(perDevice)) < 0 ? perGang : perDevice).Select(h => h.Job)];
    }

    private static bool MayPush(JobState job, Holder holder, Debts debts) =>
        holder.Job.Spec.Priority < job.Spec.Priority && !holder.Job.PreemptedBy.Contains(job.Number)
        && debts.AllowPush(job, holder.Job);

    private static (int Class, double Cost) Worth(List<Holder> victims) =>
        ((int)victims.Max(v => v.Job.Spec.Priority), victims.Sum(v => v.Cost));

    private static List<Holder>? Choose(
        CellState state, JobState job, Alternative alternative, IEnumerable<Holder> candidates)
    {
        var ledger = new RoomLedger(state, job.Spec, alternative.Model);
        var debts = new Debts(state, alternative.Tier);
        var victims = new List<Holder>();
        foreach (var candidate in candidates)
        {
            if (ledger.Fits) break;
            if (!debts.AllowPush(job, candidate.Job)) continue;
            debts.Pay(candidate.Job.Allocations.Values);
            ledger.Free(candidate.Job);
            victims.Add(candidate);
        }

        if (!ledger.Fits || victims.Count == 0) return null;

        // The last ones may have made others unnecessary; the dearest of those stay first.
        for (var i = victims.Count - 1; i >= 0; i--)
        {
            ledger.Bind(victims[i].Job);
            if (ledger.Fits) victims.RemoveAt(i);
            else ledger.Free(victims[i].Job);
        }

        return victims;
    }

    /// <summary>
    /// When the job, which found no room, could start: running work ends, and gangs of a lower class lose their
    /// protection. The earliest of its alternatives; null when none is in sight.
    /// </summary>
    public static Claim? Prospect(
        CellState state, JobState job, IReadOnlyList<Alternative> alternatives, Holders holders)
    {
        Claim? best = null;
        foreach (var alternative in alternatives)
            if (Prospect(state, job, alternative, holders) is { } claim && (best is null || claim.At < best.At))
                best = claim;
        return best;
    }

    private static Claim? Prospect(CellState state, JobState job, Alternative alternative, Holders holders)
    {
        var model = alternative.Model;
        var debts = new Debts(state, alternative.Tier);
        var releases = new List<(DateTimeOffset At, Holder? Gang, AllocationState? Task)>();
        foreach (var gang in holders.Gangs(model))
        {
            var end = InFuture(gang.End);
            releases.Add((MayPush(job, gang, debts) && gang.Until < end ? gang.Until : end, gang, null));
        }

        foreach (var task in holders.Tasks(model))
            releases.Add((InFuture(Protection.EndOf(task, holders.Now)), null, task));
        releases.Sort((a, b) => a.At.CompareTo(b.At));

        var at = holders.Now;
        var ledger = new RoomLedger(state, job.Spec, model);
        var pushed = 0;
        foreach (var (when, gang, task) in releases)
        {
            if (ledger.Fits && when > at) break;
            if (when == DateTimeOffset.MaxValue) break;
            if (when > at) at = when;
            if (task is not null) ledger.Free(task);
            else ledger.Free(gang!.Job);
        }

        if (!ledger.Fits) return null;
        foreach (var gang in holders.Gangs(model))
            if (MayPush(job, gang, debts) && gang.Until <= at && gang.End > at) pushed += gang.Devices;
        var spare = ledger.Room - job.Spec.LeastDevices - pushed;
        return new Claim(job.Number, job.Spec.Priority, model, InFuture(at), Math.Max(0, spare));

        // An estimate that has passed already proves nothing, so nothing is promised for the next minute.
        DateTimeOffset InFuture(DateTimeOffset estimate) =>
            estimate > holders.Now ? estimate : holders.Now + TimeSpan.FromMinutes(1);
    }
}
