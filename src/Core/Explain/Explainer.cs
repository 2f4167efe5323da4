using System.Globalization;
using System.Numerics;
using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Placement;
using Stockpile.Core.Queueing;
using Stockpile.Core.State;

namespace Stockpile.Core.Explain;

/// <summary>One alternative of a job, in counts, with a verdict in words.</summary>
public sealed record AlternativeReport(
    Alternative Alternative,
    int Nodes,
    int Devices,
    int FreeDevices,
    int GuestHeldDevices,
    int UsedDevices,
    int UnavailableDevices,
    int NodesShortOfDevices,
    int NodesShortOfCpu,
    int NodesShortOfMemory,
    int NodesWithoutLabels,
    int FitsNow,
    string Verdict)
{
    /// <summary>Devices that a placed job itself holds here, which count neither as used nor as guests'.</summary>
    public int OwnDevices { get; init; }

    /// <summary>Of the used devices those that gangs of a lower priority class hold.</summary>
    public int LowerPriorityDevices { get; init; }

    /// <summary>Of the unavailable devices those on draining and resting nodes; the rest are lost.</summary>
    public int DrainingDevices { get; init; }

    /// <summary>The earliest start here; null where none is in sight, and where nobody asked.</summary>
    public StartSlot? Start { get; init; }
}

/// <summary>Why a job is where it is. Nothing here runs unless somebody asks.</summary>
public sealed record Explanation(string Reason, IReadOnlyList<AlternativeReport> Alternatives, int AheadInQueue)
{
    /// <summary>When and where it may expect to start; null where it does not wait, or nothing is in sight.</summary>
    public StartEstimate? Estimate { get; init; }

    /// <summary>The devices it is promised.</summary>
    public Reservation? Reservation { get; init; }

    /// <summary>Jobs that have promises, and their turn before this one.</summary>
    public IReadOnlyList<long> PromisesAhead { get; init; } = [];

    /// <summary>It would fit now, but for this reservation.</summary>
    public Reservation? HeldBackBy { get; init; }

    /// <summary>What the last cycle that tried it found; null where none did since it began to wait.</summary>
    public LastTry? Tried { get; init; }

    /// <summary>The quota or rule that says no, whatever is free.</summary>
    public Refusal? Rule { get; init; }

    /// <summary>Why nothing in the cell could ever run it, were all of it free; null: something could.</summary>
    public Refusal? Never { get; init; }

    /// <summary>What could be changed in the request so that it starts now, one line each.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];
}

/// <summary>
/// Explains a job from the state alone, so it can be asked at any time; it changes nothing there. What the last cycle
/// found comes first: nothing here may say that a job fits which that cycle refused.
/// </summary>
public static class Explainer
{
    /// <summary>Parts of an array that are named; of the others it says how many they are.</summary>
    private const int PartsShown = 4;

    public static Explanation Explain(CellState state, JobState job)
    {
        var tried = job.LastTry;
        var reports = job.Class.Alternatives.Select(a => Report(state, job, a, KeptFrom(tried))).ToList();
        var ahead = job.Waits ? state.Queue.Ahead(job) : 0;
        return new Explanation(ReasonOf(state, job, reports, ahead, tried), reports, ahead) { Tried = tried };
    }

    /// <summary>What stands in place of "fits" for a job that was refused; empty: nothing does.</summary>
    private static string KeptFrom(LastTry? tried) => tried?.Outcome switch
    {
        CycleOutcome.HeldBack => "enough is free, and it was held back",
        CycleOutcome.OverQuota => "enough is free, and it was over quota",
        CycleOutcome.NoRoom => "enough is free by the counts, and the last try found no room",
        _ => "",
    };

    /// <summary>
    /// The same with a start estimate, reservations, rules and changes that would help. It looks ahead, so it costs
    /// more than <see cref="Explain"/>, which every answer about a waiting job contains.
    /// </summary>
    public static Explanation ExplainFully(CellState state, JobState job, DateTimeOffset now)
    {
        var brief = Explain(state, job);
        if (!job.Waits)
        {
            return job.Allocations.Count == 0 ? brief : brief with
            {
                Reason = brief.Reason + "; the alternatives are as they look now, not as they were when it was placed",
            };
        }

        var (estimate, slots) = StartEstimates.Of(state, job, now);
        var reservations = Backfill.Of(state, now);
        var own = reservations.FirstOrDefault(r => r.Job == job);
        var heldBack = StartEstimates.HeldBackBy(state, job, now, reservations);
        return brief with
        {
            Reason = heldBack is null || brief.Tried?.Outcome == CycleOutcome.HeldBack ? brief.Reason
                : $"{brief.Reason}; held back, because devices are reserved for {state.NameOf(heldBack.Job)}",
            Alternatives = [.. brief.Alternatives.Select((a, i) => a with { Start = slots[i] })],
            Estimate = estimate,
            Reservation = own,
            PromisesAhead = [.. reservations.TakeWhile(r => r.Job != job).Select(r => r.Job.Number)],
            HeldBackBy = heldBack,
            Rule = RuleOf(state, job),
            // Nodes come back in another shape than they left, so what was placeable once need not be now.
            Never = Feasibility.WhyNever(state, job.Spec),
            Changes = Advice.For(state, job, now),
        };
    }

    /// <summary>The quota or rule that keeps a job waiting whatever is free; null: none does.</summary>
    private static Refusal? RuleOf(CellState state, JobState job)
    {
        if (!job.Waits) return null;
        Refusal? first = null;
        foreach (var alternative in job.Class.Home)
        {
            var refusal = QuotaCheck.WhyNot(state, job, alternative, JobSpecs.LeastMilli(job.Spec));
            if (refusal is null) return null;
            first ??= refusal;
        }

        return first;
    }

    /// <summary>Of a service that wants no replica now.</summary>
    private static string Idle(CellState state, JobState job)
    {
        if (job.Spec.Demand is not { } demand) return "wants no replica: its fewest are 0 and it has no demand";
        var next = job.Spec.NextReplicaAt(state.At) is { } at
            ? $"wants the next about {at.UtcDateTime:yyyy-MM-dd HH:mm} UTC"
            : "wants none within a week";
        return string.Create(CultureInfo.InvariantCulture,
            $"wants no replica now: its demand is {demand.At(state.At):0.###} requests/s; {next}");
    }

    private static string ReasonOf(
        CellState state, JobState job, List<AlternativeReport> reports, int ahead, LastTry? tried)
    {
        if (job.Ended is { } ended)
            return job.Reason.Length > 0 ? $"{ended.ToString().ToLowerInvariant()}: {job.Reason}"
                : ended.ToString().ToLowerInvariant();
        if (job.Phase == JobPhase.Idle) return Idle(state, job);
        if (job.Held) return "is on its way from one cell to another";
        if (!job.Waits) return Has(state, job);
        var what = job.Spec.Kind == JobKind.Training
            ? $"waits for {Range(job.Spec)} of one model at once"
            : $"{Wording.Number(job.Unplaced.Count)} of "
            + Wording.Count(Wanted(job), job.Spec.Kind == JobKind.Inference ? "replica" : "task")
            + Wording.For(job.Unplaced.Count, " waits", " wait");
        var best = reports.OrderByDescending(r => r.FitsNow).ThenByDescending(r => r.Devices).FirstOrDefault();
        var cause = best is null ? "no model is allowed" : best.Verdict;
        var requeued = job.Reason.Length > 0 ? $"; requeued because {job.Reason}" : "";
        var refused = tried is { Outcome: CycleOutcome.HeldBack or CycleOutcome.OverQuota } ? $"{tried.Words}; " : "";
        return $"{refused}{what}: {cause}; {Wording.Count(ahead, "job")} ahead in the queue{requeued}";
    }

    /// <summary>Of a job none of whose tasks wait here: the devices it has, and the parts it waits for.</summary>
    private static string Has(CellState state, JobState job)
    {
        var where = job.Allocations.Values
            .GroupBy(a => (a.Node.Accelerator.Model, a.Node.Accelerator.Tier, a.Guest))
            .OrderBy(g => g.Key.Model, StringComparer.Ordinal)
            .Select(g => $"{g.Sum(a => a.DeviceMilli) / 1000.0:0.###} {g.Key.Model} ({g.Key.Tier}"
                + (g.Key.Guest ? ", as a guest)" : ")")).ToList();
        var open = job.Parts.Where(p => p.Value.Ended is null)
            .Select(p => new JobId(state.Cell, p.Key).ToString()).ToList();
        var has = where.Count > 0 ? $"has {string.Join(", ", where)}" : "";
        if (open.Count == 0) return has;
        return $"{(has.Length > 0 ? $"{has}, and " : "")}waits for its {Wording.For(open.Count, "part", "parts")} "
            + Wording.List(open, PartsShown);
    }

    /// <summary>The devices of a gang, from the fewest to the most where it is elastic.</summary>
    private static string Range(JobSpec spec)
    {
        var most = Math.Max(spec.Devices, spec.MaxDevices);
        return spec.LeastDevices < most
            ? $"{Wording.Number(spec.LeastDevices)} to {Wording.Count(most, "device")}"
            : Wording.Count(most, "device");
    }

    private static int Wanted(JobState job) => job.Spec.Kind == JobKind.Inference ? job.Replicas : job.Spec.Tasks;

    private static AlternativeReport Report(
        CellState state, JobState job, Alternative alternative, string kept)
    {
        var spec = job.Spec;
        int nodes = 0, devices = 0, free = 0, guestHeld = 0, unavailable = 0, draining = 0;
        int shortDevices = 0, shortCpu = 0, shortMemory = 0, noLabels = 0, fits = 0;
        int tightCpu = 0, tightMemory = 0;
        var rests = false;
        DateTimeOffset? back = null;
        var gang = spec.Kind == JobKind.Training;
        var perNode = gang ? Math.Max(1, spec.PerNode) : spec.Devices;
        var own = job.Waits ? [] : Own(job, alternative.Model);
        foreach (var node in state.Nodes)
        {
            if (node.Accelerator.Model != alternative.Model) continue;
            nodes++;
            devices += node.Devices;
            if (!node.Ready)
            {
                unavailable += node.Devices;
                if (!node.Lost) draining += node.Devices;
                rests |= !node.Lost && node.Health.Rests;
                if (node is { Lost: false, Draining: false, Health.RestUntil: { } until } && !(until >= back)
                    && HasRoom(node, spec, perNode)) back = until;
                continue;
            }

            free += node.FreeDevices;
            guestHeld += node.ReclaimableDevices - node.FreeDevices;
            // What the job holds itself is no obstacle to it.
            var mine = own.GetValueOrDefault(node.Index);
            var cpu = mine.CpuMilli + (gang ? node.CpuReclaimableMilli : node.CpuFreeMilli);
            var memory = mine.MemoryMiB + (gang ? node.MemoryReclaimableMiB : node.MemoryFreeMiB);
            var ranks = gang ? perNode : 1;
            if (!Feasibility.HasLabels(node, spec.Labels)) noLabels++;
            else if (!HasDevices(node, spec, perNode, mine.Devices)) shortDevices++;
            else if (cpu < (long)spec.CpuMilli * ranks) shortCpu++;
            else if (memory < spec.MemoryMiB * ranks) shortMemory++;
            else if (!gang) fits++;
            else if (spec.PerNode > 0) fits += perNode;
            else
            {
                var room = node.ReclaimableDevices + mine.Devices;
                var carries = Fit.Ranks(room, cpu, memory, spec);
                fits += carries;
                if (carries == room) continue;
                if (Fit.Ranks(room, cpu, memory, spec with { MemoryMiB = 0 }) == carries) tightCpu++;
                else tightMemory++;
            }
        }

        // Guests may be its own.
        var held = own.Values.Sum(m => m.Devices);
        if (job.Allocations.Values.Any(a => a.Guest && a.Node.Accelerator.Model == alternative.Model))
            guestHeld = Math.Max(0, guestHeld - held);
        var used = Math.Max(0, devices - free - guestHeld - unavailable - held);
        var verdict = !job.Waits
            ? PlacedVerdict(job, alternative, held, fits, nodes, devices)
            : Verdict(spec, alternative, nodes, devices, fits, free, guestHeld, used, unavailable,
                rests ? "lost, draining or resting" : "lost or draining", back,
                shortDevices, shortCpu + tightCpu, shortMemory + tightMemory, noLabels, kept);
        return new AlternativeReport(alternative, nodes, devices, free, guestHeld, used, unavailable,
            shortDevices, shortCpu, shortMemory, noLabels, fits, verdict)
        {
            OwnDevices = held,
            DrainingDevices = draining,
            LowerPriorityDevices = gang && job.Waits ? LowerPriority(state, job, alternative.Model) : 0,
        };
    }

    /// <summary>What the job holds on ready nodes of a model, by node. A share counts as its device.</summary>
    private static Dictionary<int, (int Devices, int CpuMilli, long MemoryMiB)> Own(JobState job, string model)
    {
        var own = new Dictionary<int, (int Devices, int CpuMilli, long MemoryMiB)>();
        foreach (var allocation in job.Allocations.Values)
        {
            if (allocation.Node.Accelerator.Model != model || !allocation.Node.Ready) continue;
            var mine = own.GetValueOrDefault(allocation.Node.Index);
            own[allocation.Node.Index] = (mine.Devices + BitOperations.PopCount(allocation.DeviceMask),
                mine.CpuMilli + allocation.CpuMilli, mine.MemoryMiB + allocation.MemoryMiB);
        }

        return own;
    }

    private static int LowerPriority(CellState state, JobState job, string model) => state.Allocations.Values
        .Where(a => a.Job.Spec.Kind == JobKind.Training && a.Job.Spec.Priority < job.Spec.Priority
            && a.Node.Accelerator.Model == model && a.Node.Ready)
        .Sum(a => BitOperations.PopCount(a.DeviceMask));

    /// <summary>Why a job that has its devices is, or is not, on a model; from how things are now.</summary>
    private static string PlacedVerdict(
        JobState job, Alternative alternative, int held, int fits, int nodes, int devices)
    {
        if (nodes == 0) return $"the cell has no {alternative.Model}";
        if (held > 0)
            return $"it runs here, on {Wording.Number(held)} of {Wording.Number(devices)} {alternative.Model}";
        if (job.Ended is not null) return "it has ended";
        var order = job.Class.Alternatives.ToList();
        var best = order.FindIndex(a => job.Allocations.Values.Any(l => l.Node.Accelerator.Model == a.Model));
        var least = job.Spec.Kind == JobKind.Training ? job.Spec.LeastDevices : 1;
        var now = fits >= least ? "it would fit now" : job.Spec.Kind == JobKind.Training
            ? $"{Wording.Count(least - fits, "device")} short now"
            : "no node has room now";
        if (job.Allocations.Count == 0) return $"nothing of it runs here; {now}";
        return best >= 0 && order.IndexOf(alternative) > best
            ? $"comes after {order[best].Model} in the order of preference; {now}"
            : $"preferred, and had no room when it was placed; {now}";
    }

    /// <summary>Whether some of the job would go onto a node that takes no new work, if it took any.</summary>
    private static bool HasRoom(NodeState node, JobSpec spec, int perNode)
    {
        var gang = spec.Kind == JobKind.Training;
        var ranks = gang ? perNode : 1;
        return Feasibility.HasLabels(node, spec.Labels) && HasDevices(node, spec, perNode, own: 0)
            && (gang ? node.CpuReclaimableMilli : node.CpuFreeMilli) >= (long)spec.CpuMilli * ranks
            && (gang ? node.MemoryReclaimableMiB : node.MemoryFreeMiB) >= spec.MemoryMiB * ranks;
    }

    private static bool HasDevices(NodeState node, JobSpec spec, int perNode, int own)
    {
        if (spec.Kind == JobKind.Training) return node.ReclaimableDevices + own >= perNode;
        if (spec.ShareMilli == 0) return node.FreeDevices + own >= spec.Devices;
        for (var device = 0; device < node.Devices; device++)
            if (node.FreeMilli(device) >= spec.ShareMilli) return true;
        return false;
    }

    private static string Verdict(
        JobSpec spec, Alternative alternative, int nodes, int devices, int fits, int free, int guestHeld, int used,
        int unavailable, string away, DateTimeOffset? back, int shortDevices, int shortCpu, int shortMemory,
        int noLabels, string kept)
    {
        if (nodes == 0) return $"the cell has no {alternative.Model}";
        var counts = $"of {Wording.Number(devices)} {alternative.Model} {Wording.Number(used)} "
            + $"{Wording.For(used, "is", "are")} used, {Wording.Number(guestHeld)} held by guests, "
            + $"{Wording.Number(free)} free"
            + (unavailable > 0 ? $", {Wording.Number(unavailable)} {away}" : "");
        var least = spec.Kind == JobKind.Training ? spec.LeastDevices : 1;
        if (fits >= least)
            return kept.Length > 0 ? $"{kept}: {counts}"
                : spec.Kind == JobKind.Training ? $"fits: {counts}"
                : $"fits on {Wording.Count(fits, "node")}: {counts}";
        if (back is { } until)
            counts += $"; a node that has room rests until {until.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC";
        if (spec.Kind != JobKind.Training)
            return Lacks(shortDevices, shortCpu, shortMemory, noLabels) is { Length: > 0 } causes
                ? $"{causes}: {counts}"
                : $"no node takes work: {counts}";
        // Nodes without free devices are in the counts; what else is missing is not.
        var missing = Lacks(0, shortCpu, shortMemory, noLabels);
        if (fits == 0 && shortDevices == 0 && missing.Length > 0) return $"{missing}: {counts}";
        return $"{Wording.Count(least - fits, "device")} short{(missing.Length > 0 ? $" ({missing})" : "")}: {counts}";
    }

    /// <summary>How many nodes lack what: <c>1 node lacks CPU, 2 lack memory</c>.</summary>
    private static string Lacks(int devices, int cpu, int memory, int labels)
    {
        (int Nodes, string Of)[] all =
            [(devices, "free devices"), (cpu, "CPU"), (memory, "memory"), (labels, "the labels")];
        return string.Join(", ", all.Where(a => a.Nodes > 0).Select((a, i) =>
            (i == 0 ? Wording.Count(a.Nodes, "node") : Wording.Number(a.Nodes))
            + $" {Wording.For(a.Nodes, "lacks", "lack")} {a.Of}"));
    }
}
