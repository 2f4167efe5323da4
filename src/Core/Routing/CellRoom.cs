using Stockpile.Core.Fleets;
using Stockpile.Core.Jobs;
using Stockpile.Core.Scoring;

namespace Stockpile.Core.Routing;

/// <summary>
/// The room of one cell by its status, less what was sent there since. Everything is a count, so a job is looked at in
/// time that grows with the shapes of nodes and not with the nodes.
/// </summary>
public sealed class CellRoom
{
    private readonly Dictionary<string, List<NodeGroup>> _groups = new(StringComparer.Ordinal);
    private long _sentMilli;
    private int _sent;

    public CellRoom(CellStatus status)
    {
        Status = status;
        foreach (var group in status.Groups)
        {
            if (!_groups.TryGetValue(group.Shape.Model, out var of)) _groups.Add(group.Shape.Model, of = []);
            of.Add(group.Copy());
        }
    }

    public CellStatus Status { get; }

    public string Cell => Status.Cell;

    /// <summary>Whether the cell could ever run the job at home; as a guest where it is at home nowhere.</summary>
    public Possible Could(RoutedJob job, bool asGuest = false)
    {
        var best = Possible.Never;
        foreach (var alternative in asGuest ? job.Guest : job.Home)
        {
            var on = Could(job, alternative.Model);
            if (on > best) best = on;
            if (best == Possible.Surely) break;
        }

        return best;
    }

    private Possible Could(RoutedJob job, string model)
    {
        var spec = job.Spec;
        var ranks = 0L;
        var holds = false;
        var merged = job.IsBoundToDomain;
        foreach (var group in Suitable(job, model))
        {
            merged |= group.Merged;
            ranks += (long)group.Nodes * group.RanksWhenEmpty(spec);
            holds |= group.HoldsWhenEmpty(spec);
        }

        var could = spec.Kind == JobKind.Training ? ranks >= spec.LeastDevices : holds;
        if (could && spec.TopologyRequired != TopologyLevel.None)
            could = Domain(model) is { } load && (spec.TopologyRequired == TopologyLevel.Rack
                ? load.RackDevices : load.PodDevices) >= spec.LeastDevices;
        return !could ? Possible.Never : merged ? Possible.Perhaps : Possible.Surely;
    }

    /// <summary>How good the cell is for a job that it could run.</summary>
    public CellRank Rank(RoutedJob job)
    {
        var rank = job.Spec.Kind == JobKind.Training ? RankGang(job) : RankTasks(job);
        return rank with { Sent = _sent / Limits.SentPerStep };
    }

    /// <summary>Whether a gang, or a task, would have devices at home at once; guests may have to leave for a gang.
    /// </summary>
    public bool HasRoomAtHome(RoutedJob job) => job.Spec.Kind == JobKind.Training
        ? Rank(job).Fits
        : TasksAtHome(job) > 0;

    /// <summary>Tasks that would have devices at home at once.</summary>
    public long TasksAtHome(RoutedJob job) => job.Home.Sum(a => (long)TaskRoom(job, a.Model, reclaim: false).Tasks);

    private CellRank RankGang(RoutedJob job)
    {
        var spec = job.Spec;
        var load = Load(job, job.Home);
        var most = Math.Max(spec.MaxDevices, spec.Devices);
        for (var place = 0; place < job.Home.Count; place++)
            for (var reclaim = 0; reclaim < 2; reclaim++)
            {
                var (ranks, tightest) = GangRoom(job, job.Home[place].Model, reclaim == 1);
                if (ranks < spec.LeastDevices) continue;
                var size = (int)Math.Min(most, ranks);
                return new CellRank(2 * place + reclaim, -size, tightest, load);
            }

        for (var place = 0; place < job.Home.Count; place++)
        {
            var (ranks, _) = GangRoom(job, job.Home[place].Model, reclaim: true);
            if (Domain(job.Home[place].Model) is not { } model) continue;
            for (var lower = 0; lower < (int)spec.Priority; lower++)
                ranks += model.GangMilli[lower] / Limits.MilliPerDevice;
            if (ranks >= spec.LeastDevices) return new CellRank(CellRank.Preempting + place, 0, 0, load);
        }

        return new CellRank(CellRank.Waiting, 0, 0, load);
    }

    /// <summary>Ranks that would fit on a model now, and what the gang would leave on the node that it fits tightest.
    /// </summary>
    private (long Ranks, int Gap) GangRoom(RoutedJob job, string model, bool reclaim)
    {
        var spec = job.Spec;
        var ranks = 0L;
        var gap = int.MaxValue;
        var piece = spec.PerNode > 0 ? spec.PerNode : spec.Devices;
        foreach (var group in Suitable(job, model))
        {
            var nodes = reclaim ? group.ByReclaimable : group.ByFree;
            for (var devices = 1; devices < nodes.Length; devices++)
            {
                if (nodes[devices] <= 0) continue;
                var each = group.RanksNow(spec, devices, reclaim);
                ranks += (long)nodes[devices] * each;
                if (each >= piece) gap = Math.Min(gap, (devices - piece) * Limits.MilliPerDevice);
            }
        }

        if (spec.TopologyRequired != TopologyLevel.None)
            ranks = Domain(model) is { } load
                ? Math.Min(ranks, spec.TopologyRequired == TopologyLevel.Rack
                    ? load.RackReclaimable : load.PodReclaimable)
                : 0;
        return (ranks, gap == int.MaxValue ? 0 : gap);
    }

    private CellRank RankTasks(RoutedJob job)
    {
        long left = job.Tasks;
        // What services there will grow into is not free for another one, however idle it is now.
        var growth = job.Spec.Kind != JobKind.Inference ? 0
            : job.Home.Sum(a => Domain(a.Model)?.GrowthMilli ?? 0) / Math.Max(1, TaskShape.Of(job.Spec).DeviceMilli);
        var sum = 0.0;
        var gap = int.MaxValue;
        for (var place = 0; place < job.Home.Count && left > 0; place++)
            Fill(job.Home[place].Model, job.Compete ? 0 : place, reclaim: false);
        for (var place = 0; place < job.Home.Count && left > 0; place++)
            Fill(job.Home[place].Model, CellRank.PushingGuests + place, reclaim: true);
        for (var place = 0; place < job.Guest.Count && left > 0; place++)
            Fill(job.Guest[place].Model, CellRank.AsGuest + place, reclaim: false);
        sum += left * CellRank.Waiting;
        var load = Load(job, job.Home.Count > 0 ? job.Home : job.Guest);
        return job.Spec.Kind == JobKind.Batch && left == 0
            ? new CellRank(sum / job.Tasks, 0, 0, -load)
            : new CellRank(sum / job.Tasks, 0, gap == int.MaxValue ? 0 : gap, load);

        void Fill(string model, double level, bool reclaim)
        {
            var (tasks, tightest) = TaskRoom(job, model, reclaim);
            (tasks, growth) = (Math.Max(0, tasks - growth), Math.Max(0, growth - tasks));
            if (tasks <= 0) return;
            var taken = Math.Min(left, tasks);
            left -= taken;
            sum += taken * level;
            gap = Math.Min(gap, tightest);
        }
    }

    /// <summary>Tasks that would fit on a model now, and what the first would leave on its device or node.</summary>
    /// <param name="reclaim">Only those more that would fit if guests left.</param>
    private (long Tasks, int Gap) TaskRoom(RoutedJob job, string model, bool reclaim)
    {
        var spec = job.Spec;
        var tasks = 0L;
        var gap = int.MaxValue;
        foreach (var group in Suitable(job, model))
        {
            if (spec.ShareMilli > 0 && !reclaim)
                for (var tenth = 1; tenth < NodeGroup.Tenths; tenth++)
                {
                    var milli = tenth * Limits.MilliPerDevice / NodeGroup.Tenths;
                    if (group.ByTenth[tenth] <= 0 || milli < spec.ShareMilli) continue;
                    tasks += (long)group.ByTenth[tenth] * (milli / spec.ShareMilli);
                    gap = Math.Min(gap, milli - spec.ShareMilli);
                }

            for (var devices = 0; devices < group.ByFree.Length; devices++)
            {
                var nodes = group.ByFree[devices];
                var more = group.ByReclaimable[devices];
                if (reclaim ? more <= 0 : nodes <= 0 || !group.HasHost(spec, devices)) continue;
                var each = EachNode(group, spec, devices, reclaim);
                if (each == 0) continue;
                tasks += (long)(reclaim ? more : nodes) * each;
                if (!reclaim) gap = Math.Min(gap, GapOn(spec, devices));
            }
        }

        return (tasks, gap);
    }

    /// <summary>Tasks on one node with so many free devices, and at most those that its CPU and memory carry.</summary>
    private static int EachNode(NodeGroup group, JobSpec spec, int devices, bool reclaim)
    {
        var cpu = reclaim ? group.Shape.CpuMilli : group.CpuMilli[devices];
        var memory = reclaim ? group.Shape.MemoryMiB : group.MemoryMiB[devices];
        var each = spec.ShareMilli > 0 ? devices * (Limits.MilliPerDevice / spec.ShareMilli)
            : spec.Devices > 0 ? devices / spec.Devices : int.MaxValue;
        if (spec.CpuMilli > 0) each = Math.Min(each, cpu / spec.CpuMilli);
        if (spec.MemoryMiB > 0) each = (int)Math.Min(each, memory / spec.MemoryMiB);
        // A task that asks for nothing fits anywhere, and so often that no job has more.
        return Math.Min(each, Limits.TasksPerJobMax);
    }

    /// <summary>A share that begins a new device costs more than one that finds a begun one.</summary>
    private static int GapOn(JobSpec spec, int devices) => spec.ShareMilli > 0
        ? Limits.MilliPerDevice + devices * Limits.MilliPerDevice - spec.ShareMilli
        : (devices - spec.Devices) * Limits.MilliPerDevice;

    /// <summary>What is taken and waited for over all of what suits the job.</summary>
    private double Load(RoutedJob job, IReadOnlyList<Alternative> alternatives)
    {
        long capacity = 0, free = 0, waiting = _sentMilli;
        foreach (var alternative in alternatives)
        {
            foreach (var group in Suitable(job, alternative.Model))
            {
                capacity += (long)group.Nodes * group.Shape.Devices;
                for (var devices = 1; devices < group.ByFree.Length; devices++)
                    free += (long)group.ByFree[devices] * devices;
            }

            waiting += Domain(alternative.Model)?.WaitingMilli ?? 0;
        }

        return capacity == 0 ? 1 : (capacity - free + waiting / (double)Limits.MilliPerDevice) / capacity;
    }

    /// <summary>Takes out what a job that is sent here will probably get, or counts it as waiting.</summary>
    public void Take(RoutedJob job)
    {
        _sent++;
        if (job.Spec.Kind == JobKind.Training)
        {
            TakeGang(job);
            return;
        }

        var left = job.Tasks;
        foreach (var alternative in job.Home.Concat(job.Guest))
            while (left > 0 && TakeTask(job, alternative.Model)) left--;
        _sentMilli += (long)left * Scored(job.Spec);
    }

    private static int Scored(JobSpec spec) =>
        spec.ShareMilli > 0 ? spec.ShareMilli : spec.Devices * Limits.MilliPerDevice;

    private void TakeGang(RoutedJob job)
    {
        foreach (var alternative in job.Home)
            for (var reclaim = 0; reclaim < 2; reclaim++)
            {
                if (GangRoom(job, alternative.Model, reclaim == 1).Ranks < job.Spec.LeastDevices) continue;
                var left = job.Spec.Devices;
                while (left > 0 && TakePiece(job, alternative.Model, reclaim == 1, left) is var taken and > 0)
                    left -= taken;
                return;
            }

        _sentMilli += job.Spec.Devices * (long)Limits.MilliPerDevice;
    }

    /// <summary>As the planner does: the tightest node that holds all that is left, else the widest.</summary>
    /// <returns>Devices taken; 0: none are left.</returns>
    private int TakePiece(RoutedJob job, string model, bool reclaim, int left)
    {
        var piece = job.Spec.PerNode > 0 ? Math.Min(job.Spec.PerNode, left) : left;
        (NodeGroup Group, int Devices)? tightest = null, widest = null;
        foreach (var group in Suitable(job, model))
        {
            var nodes = reclaim ? group.ByReclaimable : group.ByFree;
            for (var devices = 1; devices < nodes.Length; devices++)
            {
                if (nodes[devices] <= 0) continue;
                if (devices >= piece && !(devices >= tightest?.Devices)) tightest = (group, devices);
                if (!(devices <= widest?.Devices)) widest = (group, devices);
            }
        }

        if ((tightest ?? widest) is not var (from, free)) return 0;
        var take = Math.Min(piece, free);
        Shift(from.ByReclaimable, free, take);
        if (!reclaim) Shift(from.ByFree, free, take);
        return take;
    }

    /// <summary>A node with so many devices has fewer now. Where the two counts do not agree, the next larger one of
    /// the other is taken: they tell of the same nodes.</summary>
    private static void Shift(int[] counts, int devices, int taken)
    {
        var from = devices;
        while (from < counts.Length && counts[from] <= 0) from++;
        if (from == counts.Length) return;
        counts[from]--;
        counts[Math.Max(0, from - taken)]++;
    }

    private bool TakeTask(RoutedJob job, string model)
    {
        var spec = job.Spec;
        foreach (var group in Suitable(job, model))
        {
            if (spec.ShareMilli > 0 && TakeShare(group, spec)) return true;
            if (spec.ShareMilli > 0 || spec.Devices == 0) continue;
            for (var devices = spec.Devices; devices < group.ByFree.Length; devices++)
            {
                if (group.ByFree[devices] <= 0 || !group.HasHost(spec, devices)) continue;
                TakeDevices(group, spec, devices, spec.Devices);
                return true;
            }
        }

        return spec is { Devices: 0, ShareMilli: 0 };
    }

    private static bool TakeShare(NodeGroup group, JobSpec spec)
    {
        for (var tenth = 1; tenth < NodeGroup.Tenths; tenth++)
        {
            if (group.ByTenth[tenth] <= 0 || tenth * Limits.MilliPerDevice / NodeGroup.Tenths < spec.ShareMilli)
                continue;
            group.ByTenth[tenth]--;
            group.ByTenth[Math.Max(0, tenth - Tenths(spec))]++;
            return true;
        }

        for (var devices = 1; devices < group.ByFree.Length; devices++)
        {
            if (group.ByFree[devices] <= 0 || !group.HasHost(spec, devices)) continue;
            TakeDevices(group, spec, devices, 1);
            group.ByTenth[Math.Max(0, NodeGroup.Tenths - Tenths(spec))]++;
            return true;
        }

        return false;
    }

    /// <summary>Tenths of a device that a share takes, rounded up.</summary>
    private static int Tenths(JobSpec spec) =>
        (spec.ShareMilli * NodeGroup.Tenths + Limits.MilliPerDevice - 1) / Limits.MilliPerDevice;

    private static void TakeDevices(NodeGroup group, JobSpec spec, int devices, int taken)
    {
        var left = devices - taken;
        // As if it were the node with most CPU and memory; others like it may be left, so theirs stays.
        group.CpuMilli[left] = Math.Max(group.CpuMilli[left], group.CpuMilli[devices] - spec.CpuMilli);
        group.MemoryMiB[left] = Math.Max(group.MemoryMiB[left], group.MemoryMiB[devices] - spec.MemoryMiB);
        Shift(group.ByFree, devices, taken);
        Shift(group.ByReclaimable, devices, taken);
    }

    private ModelLoad? Domain(string model) => Status.Models.GetValueOrDefault(model);

    private static readonly List<NodeGroup> NoGroups = [];

    private List<NodeGroup> Suitable(RoutedJob job, string model)
    {
        if (!_groups.TryGetValue(model, out var groups)) return NoGroups;
        return job.Spec.Labels.Count == 0 ? groups : groups.FindAll(g => g.HasLabels(job.Spec));
    }
}
