using Stockpile.Core;
using Stockpile.Core.Placement;
using Stockpile.Core.Routing;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Routing;

/// <summary>
/// Finds the cell of each new job by the order of alternatives that holds inside a cell, and sends it there. A user's
/// key has its home at a key desk, which says to which cell the key belongs, so a key has no part in the choice. A cell
/// that could never run a job does not refuse it for the others: only when none could is it refused, in the name of
/// all.
/// </summary>
internal sealed class JobRouter(CellOptions options, KnownCells cells, CellAsker asker, IRouterPorts ports)
{
    /// <summary>A fleet that changes its shape between the look and the job makes another look necessary.</summary>
    private const int LooksMax = 4;

    /// <summary>What the cells are to do with the jobs.</summary>
    private enum Step
    {
        /// <summary>Say what would be refused.</summary>
        Check,

        /// <summary>Say too what would become of them.</summary>
        WhatIf,
        Take,
    }

    private readonly KeyDirectory _keys = new(asker.AskAsync);

    /// <exception cref="ClusterUnavailableException">A cell or a desk that has to be asked does not answer.</exception>
    /// <exception cref="ClusterBusyException">The queue of one is full.</exception>
    public async Task<SubmitJobsReply> SubmitAsync(RouterEngine.Submit submit)
    {
        if (cells.WhyNotYet() is { } why) throw why;
        var jobs = submit.Jobs.Select(job => new JobOnItsWay(
            job, RoutedJob.Of(job.Spec.FromWire(), cells.CatalogOf(options.Catalog), options.Policy), ports)).ToList();
        if (submit.Mode != SubmitMode.Each)
        {
            await SendAllAsync(jobs, submit.Mode == SubmitMode.DryRun ? Step.WhatIf : Step.Check)
                .ConfigureAwait(false);
            if (jobs.Exists(j => j.Answer!.Refusal is not null))
                foreach (var job in jobs)
                    job.Answer!.Refusal ??= new Refusal(Refusal.Withheld, "",
                        "not taken, because another job of the request was refused").ToWire();
            else if (submit.Mode == SubmitMode.AllOrNothing)
                foreach (var job in jobs) job.Restart();
        }

        await SendAllAsync(jobs, Step.Take).ConfigureAwait(false);
        // What was only looked at is not on its way to anybody.
        foreach (var job in jobs) Unbook(job);
        return new SubmitJobsReply { Results = { jobs.Select(j => j.Answer) } };
    }

    /// <summary>Until each job has a result; those that have one are left alone.</summary>
    private async Task SendAllAsync(List<JobOnItsWay> jobs, Step step)
    {
        try
        {
            while (jobs.FindAll(j => j.Answer is null) is { Count: > 0 } open)
            {
                await FindCellsAsync(open, step).ConfigureAwait(false);
                await Task.WhenAll(open.Where(j => j.Answer is null)
                    .GroupBy(j => j.Cell!, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                    .Select(g => SendAsync(g.Key, [.. g], step))).ConfigureAwait(false);
            }
        }
        catch
        {
            foreach (var job in jobs) Unbook(job);
            throw;
        }
    }

    /// <summary>Gives each job a cell, or its refusal.</summary>
    private async Task FindCellsAsync(List<JobOnItsWay> jobs, Step step)
    {
        foreach (var job in jobs) Choose(job);
        var keyed = jobs.FindAll(j => j.IsUsers);
        await AskDesksAsync(keyed, step).ConfigureAwait(false);
        await AskOldCellsAsync(keyed.FindAll(j => !j.IsBound)).ConfigureAwait(false);
        foreach (var job in jobs.Where(j => !j.IsBound && (j.Cell is null || (j.IsUsers && !j.IsSure))))
            await LookAsync(job).ConfigureAwait(false);
        if (step == Step.Take)
            await BindAsync(keyed.FindAll(j => j is { IsBound: false, Answer: null })).ConfigureAwait(false);
    }

    /// <summary>Jobs of one request count on each other's room, so each is booked, also for a check.</summary>
    private void Choose(JobOnItsWay job)
    {
        if (job.IsBound || job.Cell is not null) return;
        Unbook(job);
        if (cells.Choose(job.Job, job.Avoided, book: true) is not var (cell, could, booking)) return;
        (job.Cell, job.IsSure, job.Booking) = (cell, could == Possible.Surely, booking);
    }

    /// <summary>
    /// The desks' word on the users' keys. A job that its cell can surely run is bound by the same question; of others
    /// it is only asked whether their keys are known, since a key that was bound in vain would have to be moved.
    /// </summary>
    private async Task AskDesksAsync(List<JobOnItsWay> keyed, Step step)
    {
        var asked = keyed.FindAll(j => !j.IsBound);
        if (asked.Count == 0) return;
        var bind = step == Step.Take && cells.KeyHolders() is ({ Count: 0 }, { Count: 0 });
        var bindings = await _keys.BindAsync(asked.Select(j => j.WishFor(bind && j.IsSure ? j.Cell : null)))
            .ConfigureAwait(false);
        foreach (var job in asked)
            if (bindings.TryGetValue(job.Key, out var binding) && !job.WasRefusedBy(binding)) Bind(job, binding);
    }

    /// <summary>
    /// Cells of a journal from before there were desks know keys that no desk knows yet. Nobody can tell of one that
    /// has not spoken, unless its first row says that it was born later.
    /// </summary>
    private async Task AskOldCellsAsync(List<JobOnItsWay> unknown)
    {
        if (unknown.Count == 0) return;
        var (ask, silent) = cells.KeyHolders() ?? throw new ClusterUnavailableException(
            "the cells of the journal are being looked up", TimeSpan.FromSeconds(1), nothingTaken: true);
        foreach (var cell in silent)
            if (await ports.BornWithDesks(cell).ConfigureAwait(false)) cells.RememberBornWithDesks(cell);
            else
                throw cells.WhyNotYet(cell) ?? new ClusterUnavailableException(
                    $"cell {cell} is starting, and may know the key", TimeSpan.FromSeconds(1), nothingTaken: true);
        var replies = await Task.WhenAll(ask.Select(cell => asker.AskAsync(
            new FindKeys { Cell = cell, Keys = { unknown.Select(j => j.Key) } }))).ConfigureAwait(false);
        foreach (var reply in replies.Cast<FindKeysReply>())
            foreach (var job in unknown.Where(j => reply.Known.Contains(j.Key)))
            {
                Unbook(job);
                (job.Cell, job.IsSure) = (reply.Cell, true);
            }
    }

    /// <summary>Asks the cells themselves: their statuses do not tell, or one of them has refused.</summary>
    private async Task LookAsync(JobOnItsWay job)
    {
        Unbook(job);
        // Before: one that is not asked may serve again when the others have answered.
        var missing = NotServing();
        var serving = cells.Serving();
        var replies = await Task.WhenAll(serving.Select(cell => ReachOf(cell, job))).ConfigureAwait(false);
        var possible = serving.Where((_, i) => replies[i] is { Possible: true }).ToHashSet(StringComparer.Ordinal);
        if (possible.Count == 0 || ++job.Looks > LooksMax)
        {
            job.Answer = new SubmitResult { Refusal = WhyNone(job, replies, missing).ToWire() };
            return;
        }

        var others = cells.All().Except(possible, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        // A status may be older than the nodes that it lacks.
        var (cell, booking) = cells.Choose(job.Job, others, book: true) is var (chosen, _, booked)
            ? (chosen, booked) : (possible.Order(StringComparer.Ordinal).First(), null);
        (job.Cell, job.IsSure, job.Booking) = (cell, true, booking);
    }

    private async Task<Reach?> ReachOf(string cell, JobOnItsWay job)
    {
        try
        {
            var ask = new CouldRun { Cell = cell, Spec = job.Submission.Spec };
            return await asker.AskAsync(ask).ConfigureAwait(false) is CouldRunReply reply ? reply.FromWire() : null;
        }
        catch (Exception fault) when (fault is ClusterUnavailableException or ClusterBusyException)
        {
            // The others may have room; it is named where they have not.
            return null;
        }
    }

    private List<string> NotServing() => [.. cells.AllDown().Select(d => d.Message)
        .Concat((cells.Silent() ?? []).Select(c => $"cell {c} is starting"))];

    /// <summary>The refusal in the name of all cells; one that did not serve might have had room.</summary>
    private Refusal WhyNone(JobOnItsWay job, IReadOnlyList<Reach?> replies, List<string> missing)
    {
        var reach = replies.OfType<Reach>().Aggregate(new Reach(), (sum, next) => sum.With(next));
        var why = Feasibility.WhyNever(
            reach, job.Job.Spec, cells.CatalogOf(options.Catalog), options.Policy, cell: null);
        if (replies.Contains(null)) missing.Add("a cell does not answer");
        if (missing.Count > 0)
            return new Refusal(Refusal.Unavailable, "",
                $"no cell that serves could run it, and {string.Join("; ", missing)}");
        return why ?? new Refusal(Refusal.Unavailable, "", "the fleet is changing its shape; try again");
    }

    /// <summary>Binds keys that no desk knows, or whose cell has refused them for good.</summary>
    private async Task BindAsync(List<JobOnItsWay> keyed)
    {
        if (keyed.Count == 0) return;
        var bindings = await _keys.BindAsync(keyed.Select(j => j.WishFor(j.Cell))).ConfigureAwait(false);
        foreach (var job in keyed)
            Bind(job, bindings.GetValueOrDefault(job.Key) ?? throw new InvalidOperationException(
                $"the desk of the key {Names.Shorten(job.Key)} gave it no cell"));
    }

    private void Bind(JobOnItsWay job, KeyBinding binding)
    {
        if (binding.Cell != job.Cell) Unbook(job);
        job.Bind(binding);
    }

    /// <summary>In one message, or in several where they would not fit between two members.</summary>
    private async Task SendAsync(string cell, List<JobOnItsWay> jobs, Step step)
    {
        for (var sent = 0; sent < jobs.Count;)
        {
            var message = new SubmitJobs { Cell = cell, DryRun = step != Step.Take, WhatIf = step == Step.WhatIf };
            var size = 0;
            foreach (var job in jobs.Skip(sent))
            {
                var submission = job.ToSend();
                size += submission.CalculateSize();
                if (message.Jobs.Count > 0 && size > SchedulerLimits.SubmitBytesMax) break;
                message.Jobs.Add(submission);
            }

            var reply = (SubmitJobsReply)await asker.AskAsync(message).ConfigureAwait(false);
            foreach (var result in reply.Results)
                await TakeAsync(jobs[sent++], result, reply.Round, step).ConfigureAwait(false);
        }
    }

    private async Task TakeAsync(JobOnItsWay job, SubmitResult result, long round, Step step)
    {
        if (result.Refusal is { Code: Refusal.Unplaceable })
        {
            // Only the cells together can refuse it.
            Unbook(job);
            job.Refused(step == Step.Take);
            await LookAsync(job).ConfigureAwait(false);
            return;
        }

        if (result.Refusal is { Code: Refusal.Busy } && !job.IsBound)
        {
            // It is full of unfinished jobs; another one may not be.
            job.Avoided.Add(job.Cell!);
            Unbook(job);
            job.Cell = null;
            if (cells.Choose(job.Job, job.Avoided, book: false) is not null) return;
        }

        // Without a user's key only the router has repeated it, after an answer that came late or never.
        if (!job.IsUsers) result.Repeated = false;
        if (result.Refusal is not null || result.Repeated) Unbook(job);
        else if (step == Step.Take && job.Booking is { } booking)
        {
            cells.Settle(booking, round);
            job.Booking = null;
        }

        job.Answer = await FollowedAsync(result).ConfigureAwait(false);
    }

    /// <summary>A repeated submission of a job that went to another cell gets the answer from there.</summary>
    private async Task<SubmitResult> FollowedAsync(SubmitResult result)
    {
        if (result.Job is not { ForwardedTo.Length: > 0 } moved) return result;
        var there = await Moved.FollowAsync(
            new JobReply { Job = moved }, r => r.Job, (cell, id) => new GetJob { Cell = cell, Origin = id },
            async question => (JobReply)await asker.AskAsync(question).ConfigureAwait(false)).ConfigureAwait(false);
        result.Job = there.Job ?? moved;
        return result;
    }

    private void Unbook(JobOnItsWay job)
    {
        if (job.Booking is { } booking) cells.Drop(booking);
        job.Booking = null;
    }
}
