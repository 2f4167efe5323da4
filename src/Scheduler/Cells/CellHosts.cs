using Akka.Actor;
using Stockpile.Core;
using Stockpile.Core.Commands;
using Stockpile.Core.Jobs;
using Stockpile.Core.State;
using Stockpile.Protocol;
using Stockpile.Protocol.Mapping;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Process;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// What a cell knows of the hosts of its nodes: where they are, when they last spoke, and which orders they have not
/// answered. None of it is in the journal: allocations without a start are the durable part, the rest comes back with
/// the next advertisement.
/// </summary>
public sealed class CellHosts(CellOptions options)
{
    private sealed class HostEntry
    {
        public required IActorRef Ref { get; set; }
        public long Incarnation { get; set; }
        public long SeenAt { get; set; }
    }

    private readonly Dictionary<string, HostEntry> _hosts = new(StringComparer.Ordinal);
    private readonly Dictionary<long, (string Host, StopOrder Order, long SentAt)> _stops = [];
    private readonly Dictionary<long, long> _startsSentAt = [];
    private readonly GangDrains _drains = new(options.Policy.Guests.Grace);
    private readonly HashSet<long> _heldBack = [];

    /// <summary>Batch tasks that leave, by the allocation: the node may say that they are done instead.</summary>
    private readonly Dictionary<long, (long Job, int Task)> _leavingTasks = [];
    private long _since = options.Real.GetTimestamp();
    private long _tickedAt = options.Real.GetTimestamp();

    /// <summary>Longest real time between two words of one host, since the cell started here. One that was given up
    /// as silent, or that the cell itself slept through, counts too.</summary>
    public TimeSpan LongestGap { get; private set; }

    /// <summary>Notes that a host spoke; true when it is new or started anew, so its nodes should advertise.</summary>
    public bool Seen(string host, IActorRef sender, long incarnation)
    {
        var now = options.Real.GetTimestamp();
        if (!_hosts.TryGetValue(host, out var entry))
        {
            _hosts.Add(host, new HostEntry { Ref = sender, Incarnation = incarnation, SeenAt = now });
            return true;
        }

        var anew = incarnation != 0 && entry.Incarnation != 0 && entry.Incarnation != incarnation;
        entry.Ref = sender;
        Heard(entry, now);
        if (incarnation != 0) entry.Incarnation = incarnation;
        return anew;
    }

    private void Heard(HostEntry entry, long now)
    {
        var gap = options.Real.GetElapsedTime(entry.SeenAt, now);
        if (gap > LongestGap) LongestGap = gap;
        entry.SeenAt = now;
    }

    /// <summary>
    /// Hosts that have nodes here and fell silent. A cell that was itself paused hears nobody either, so after a
    /// missed tick everybody's silence starts anew.
    /// </summary>
    public IReadOnlyList<string> Silent(CellState state)
    {
        var now = options.Real.GetTimestamp();
        var paused = options.Real.GetElapsedTime(_tickedAt, now) > options.HostSilenceMax / 2;
        _tickedAt = now;
        if (paused)
        {
            _since = now;
            foreach (var entry in _hosts.Values) Heard(entry, now);
        }

        return [.. state.Nodes.Where(n => !n.Lost).Select(n => n.Admitted.Host).Distinct(StringComparer.Ordinal)
            .Where(host => options.Real.GetElapsedTime(
                _hosts.TryGetValue(host, out var entry) ? entry.SeenAt : _since, now) > options.HostSilenceMax)];
    }

    /// <summary>
    /// Takes up the stops that a round brought about. What completed, or is lost with its node, needs none. What a node
    /// did not name in its advertisement does: the message may be older than the start, and the node runs it.
    /// </summary>
    public void Ended(
        CellState state, IReadOnlyCollection<(AllocationState Allocation, AllocationEnd End)> ended, JobName nameOf)
    {
        _drains.Begin(ended);
        foreach (var (allocation, end) in ended)
        {
            _startsSentAt.Remove(allocation.Sequence);
            var node = allocation.Node;
            var isThere = !node.Lost && state.FindNode(node.Id) == node;
            if (end == AllocationEnd.Completed || (end == AllocationEnd.NodeLost && !isThere)) continue;
            if (allocation is { Started: true, Job: { Ended: null, Spec.Kind: JobKind.Batch } job })
                _leavingTasks[allocation.Sequence] = (job.Number, allocation.Placed.Task);
            Stop(node.Admitted.Host, node.Id, nameOf(allocation.Job), allocation.Sequence,
                _drains.GraceOf(allocation, end));
        }
    }

    /// <summary>True while parts of the job's gang of before are still leaving.</summary>
    public bool IsLeaving(long job) => _drains.Holds(job);

    /// <summary>Whatever the job is given, it is not started before <see cref="Release"/>.</summary>
    public void Hold(long job) => _heldBack.Add(job);

    public void Release(long job) => _heldBack.Remove(job);

    /// <summary>Has a node stop an allocation; repeated until it says that it did.</summary>
    public void Stop(string host, string node, string job, long sequence, TimeSpan grace = default) =>
        _stops[sequence] = (
            host, new StopOrder { Node = node, Job = job, Sequence = sequence, GraceMs = grace.ToWireMs() }, 0);

    /// <summary>An allocation is gone; what follows, if anything does: the checkpoint that a gang wrote when its last
    /// part is gone, or a task that was done after all.</summary>
    /// <param name="done">Share of its run that is done and safe, 0..1.</param>
    public CellCommand? Stopped(long sequence, double done)
    {
        _stops.Remove(sequence);
        return _leavingTasks.Remove(sequence, out var task) && done >= 1
            ? new ReportDoneLate(task.Job, task.Task, sequence)
            : _drains.Ended(sequence, done);
    }

    /// <summary>A node that is lost, or is new, runs nothing of before.</summary>
    public void ForgetNode(string node)
    {
        foreach (var sequence in _stops.Where(s => s.Value.Order.Node == node).Select(s => s.Key).ToList())
        {
            _stops.Remove(sequence);
            _leavingTasks.Remove(sequence);
            _drains.Lost(sequence);
        }
    }

    /// <summary>Tells a node's host; false when it is not known where the host is.</summary>
    public bool Tell(string host, object message, IActorRef sender)
    {
        if (!_hosts.TryGetValue(host, out var entry)) return false;
        entry.Ref.Tell(message, sender);
        return true;
    }

    /// <summary>Hosts that spoke within the time after which a silent one is given up.</summary>
    public IEnumerable<(string Host, long Incarnation)> Heard() => _hosts
        .Where(h => options.Real.GetElapsedTime(h.Value.SeenAt) <= options.HostSilenceMax)
        .Select(h => (h.Key, h.Value.Incarnation));

    /// <summary>
    /// Sends what is due: stops and starts never sent, or sent so long ago that they are repeated. One message per
    /// host holds both, stops first.
    /// </summary>
    public void SendDue(CellState state, IEnumerable<AllocationState> starts, JobName nameOf, IActorRef self)
    {
        var now = options.Real.GetTimestamp();
        var batches = new SortedDictionary<string, NodeOrders>(StringComparer.Ordinal);
        foreach (var (sequence, (host, order, sentAt)) in _stops.Where(s => Due(s.Value.SentAt, now)).ToList())
        {
            if (!_hosts.ContainsKey(host)) continue;
            Batch(host).Stops.Add(order);
            _stops[sequence] = (host, order, now);
        }

        foreach (var allocation in starts)
        {
            var host = allocation.Node.Admitted.Host;
            if (!_hosts.ContainsKey(host) || allocation.Node.Lost) continue;
            if (_drains.Holds(allocation.Job.Number) || _heldBack.Contains(allocation.Job.Number)) continue;
            if (!Due(_startsSentAt.GetValueOrDefault(allocation.Sequence), now)) continue;
            Batch(host).Starts.Add(StartOf(allocation, nameOf));
            _startsSentAt[allocation.Sequence] = now;
        }

        foreach (var (host, orders) in batches) Flush(host, orders);

        NodeOrders Batch(string host)
        {
            if (batches.TryGetValue(host, out var batch)
                && batch.Starts.Count + batch.Stops.Count < WireLimits.OrdersPerMessageMax) return batch;
            if (batch is not null) Flush(host, batch);
            return batches[host] = new NodeOrders { Cell = state.Cell, Epoch = state.Epoch };
        }

        void Flush(string host, NodeOrders orders) => _hosts[host].Ref.Tell(orders, self);
    }

    public void Started(long sequence) => _startsSentAt.Remove(sequence);

    private bool Due(long sentAt, long now) =>
        sentAt == 0 || options.Real.GetElapsedTime(sentAt, now) > options.OrderResendAfter;

    private static StartOrder StartOf(AllocationState allocation, JobName nameOf) => new()
    {
        Node = allocation.Node.Id,
        Job = nameOf(allocation.Job),
        Sequence = allocation.Sequence,
        Kind = (int)allocation.Job.Spec.Kind,
        DeviceMask = allocation.DeviceMask,
        ShareMilli = allocation.ShareMilli,
        RunMs = allocation.Placed.RunTime.ToWireMs(),
        Done = allocation.Job.Done,
    };
}

/// <summary>The id of a job as users see it.</summary>
public delegate string JobName(JobState job);
