using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;

namespace Stockpile.Core.Cycle;

/// <summary>
/// Running work that goes on in a better place: gangs grow, and gangs and tasks move to a model that they prefer. Only
/// onto devices that are free and that nobody who waits could use, only when what is left ends clearly sooner, and not
/// again before the policy's interval has passed.
/// </summary>
public static class Rearranging
{
    /// <summary>Moves what pays, at most <see cref="Limits.MovesPerRoundMax"/> in a round.</summary>
    /// <returns>How many moved.</returns>
    public static int Run(CellState state, RoundWriter round)
    {
        var pass = new Pass(state, round);
        foreach (var gang in state.Gangs.ToList())
        {
            if (pass.IsOver) return pass.Moved;
            if (!pass.MayMove(gang)) continue;
            if (!pass.Migrate(gang)) pass.Grow(gang);
        }

        foreach (var task in state.Upward.ToList())
        {
            if (pass.IsOver) return pass.Moved;
            pass.Migrate(task);
        }

        return pass.Moved;
    }

    private sealed class Pass(CellState state, RoundWriter round)
    {
        private readonly Fleets.GangPolicy _policy = state.Policy.Gangs;
        public int Moved { get; private set; }

        public bool IsOver => Moved >= Limits.MovesPerRoundMax || round.Count >= Limits.EventsPerRoundMax;

        public bool MayMove(JobState gang) => GangMoves.MayMove(state, gang, round.At);

        public void Grow(JobState gang)
        {
            var model = gang.Allocations.First().Value.Node.Accelerator.Model;
            var now = gang.Allocations.Values.Sum(a => a.Placed.Ranks);
            var most = Math.Max(gang.Spec.MaxDevices, gang.Spec.Devices);
            if (now >= most || state.Index.Free(model) < Math.Max(1, gang.Spec.PerNode) || Wanted(model)) return;
            var tier = state.Catalog.FindTier(state.Catalog.Find(model)!.Tier)!;
            var quota = QuotaCheck.HeadroomMilli(state, gang.Spec.Tenant, tier) / Limits.MilliPerDevice;
            var more = (int)Math.Min(most - now, quota);
            if (more <= 0 || GangPlanner.Grow(state, gang, more) is not { } plan) return;
            if (After(gang, plan.RunTime(state, gang.Spec)) >= Remaining.Of(gang, round.At)) return;
            Commit(Moves.Of(state, gang, plan,
                $"it grew from {now} to {plan.Devices} devices, which nobody who waits could use"));
        }

        /// <summary>True when it moved.</summary>
        public bool Migrate(JobState gang)
        {
            var model = gang.Allocations.First().Value.Node.Accelerator.Model;
            var most = Math.Max(gang.Spec.MaxDevices, gang.Spec.Devices);
            foreach (var better in gang.Class.Home)
            {
                if (better.Model == model) return false;
                var free = Math.Min(most, state.Index.Free(better.Model));
                if (free < gang.Spec.LeastDevices || Wanted(better.Model)) continue;
                // The best that could come of it, before anything is planned in detail.
                if (!Pays(After(gang, RunTimes.Of(gang.Spec, state.Catalog, _policy, better.Model, free)), gang))
                    continue;
                if (GangPlanner.Plan(state, gang.Spec, [better]) is not { } plan) continue;
                if (plan.Pieces.Any(p => p.Evicted.Count > 0) || OverQuota(gang, better, plan.Devices)) continue;
                if (!Pays(After(gang, plan.RunTime(state, gang.Spec)), gang)) continue;
                Commit(Moves.Of(state, gang, plan,
                    $"it moved from {model} to {better.Model}, where the rest ends sooner"));
                return true;
            }

            return false;
        }

        public void Migrate(AllocationState task)
        {
            if (!Rested(task)) return;
            var model = task.Node.Accelerator.Model;
            var spec = task.Job.Spec;
            var left = Remaining.Of(task, round.At);
            var better = task.Job.Class.Alternatives
                .TakeWhile(a => a.Model != model)
                .Where(a => !Wanted(a.Model) && !OverQuota(task.Job, a, devices: 0)
                    && (RunTimes.Of(spec, state.Catalog, _policy, a.Model, spec.Devices)
                    + _policy.Restart) * _policy.MigrateGain < left)
                .ToList();
            if (better.Count == 0 || TaskPlanner.Decide(round, spec, better) is not { } plan) return;
            Commit(Moves.Of(state, task, plan,
                $"a task moved from {model} to {plan.Alternative.Model}, where it ends sooner"));
        }

        /// <param name="devices">Of a gang; 0: what one task takes.</param>
        private bool OverQuota(JobState job, Alternative to, int devices)
        {
            if (to.Guest) return false;
            var milli = devices > 0 ? devices * Limits.MilliPerDevice : JobSpecs.LeastMilli(job.Spec);
            return QuotaCheck.WhyNot(state, job, to, milli) is not null;
        }

        private bool Rested(AllocationState allocation) => GangMoves.IsRested(state, allocation, round.At);

        private bool Pays(TimeSpan after, JobState gang) => GangMoves.Pays(state, gang, after, round.At);

        private TimeSpan After(JobState gang, TimeSpan runTime) => GangMoves.After(state, gang, runTime, round.At);

        private bool Wanted(string model) => QuotaCheck.IsWanted(state, model);

        private void Commit(List<CellEvent> events)
        {
            foreach (var committed in events) round.Commit(committed);
            Moved++;
        }
    }
}
