using Stockpile.Protocol;
using Stockpile.Protocol.V1;
using Stockpile.Scheduler.Cells;
using Stockpile.Scheduler.Desks;

namespace Stockpile.Simulation.Tests.Faults;

/// <summary>
/// A mistake that the product does not have, made at the edge of its engines in the way the product would make it. None
/// here; each that the simulation has to find is a class of its own.
/// </summary>
public class PlantedBug
{
    /// <summary>The product as it is.</summary>
    public static readonly PlantedBug None = new();

    /// <summary>A cell answers and orders before its round is durable.</summary>
    public virtual bool AcknowledgesEarly => false;

    /// <summary>A key desk answers before its row is durable.</summary>
    public virtual bool BindsEarly => false;

    /// <summary>What a key desk takes a message for.</summary>
    public virtual IDeskMessage OnDeskMessage(KeyDeskEngine desk, IDeskMessage message) => message;

    /// <summary>What a cell takes a message for.</summary>
    public virtual ICellMessage OnCellMessage(CellEngine cell, ICellMessage message) => message;

    /// <summary>What a cell takes another cell's answer about a part of its array for.</summary>
    public virtual JobReply OnPart(JobReply reply) => reply;

    /// <summary>What is written of a round.</summary>
    public virtual RoundCommitted OnRow(RoundCommitted row) => row;

    /// <summary>What a host takes a message for.</summary>
    /// <param name="newestEpoch">The highest that the host has heard from the message's cell.</param>
    public virtual object OnHostMessage(long newestEpoch, object message) => message;
}

/// <summary>Whoever submits is told that the job is taken while it is not in the journal yet.</summary>
public sealed class AcknowledgeBeforeDurable : PlantedBug
{
    public override bool AcknowledgesEarly => true;
}

/// <summary>A host takes the orders of an owner that was replaced for those of the present one.</summary>
public sealed class MissingEpochCheck : PlantedBug
{
    public override object OnHostMessage(long newestEpoch, object message)
    {
        if (message is not NodeOrders orders || orders.Epoch >= newestEpoch) return message;
        var taken = orders.Clone();
        taken.Epoch = newestEpoch;
        return taken;
    }
}

/// <summary>A node that failed, or came back as another incarnation, is taken for one that still runs all it had: what
/// it lost does not wait again.</summary>
public sealed class LostRequeue : PlantedBug
{
    public override ICellMessage OnCellMessage(CellEngine cell, ICellMessage message)
    {
        switch (message)
        {
            case AdvertiseNodes adverts:
                var believed = adverts.Clone();
                foreach (var advert in believed.Nodes)
                {
                    if (cell.State.FindNode(advert.Node) is not { Lost: false } known) continue;
                    advert.Incarnation = known.Admitted.Incarnation;
                    advert.Running.Add(known.Allocations.Except(advert.Running));
                }

                return believed;
            case WorkReports reports when reports.Reports.Any(r => r.Kind == ReportKind.NodeFailed):
                var heard = reports.Clone();
                foreach (var report in heard.Reports)
                    if (report.Kind == ReportKind.NodeFailed) report.Kind = ReportKind.Stopped;
                return heard;
            default:
                return message;
        }
    }
}

/// <summary>A completion that is told a second time gives its devices back a second time: from whoever has them now.
/// </summary>
public sealed class DoubleRelease : PlantedBug
{
    private readonly Dictionary<(string Cell, long Sequence), uint> _masks = [];

    public override ICellMessage OnCellMessage(CellEngine cell, ICellMessage message)
    {
        foreach (var allocation in cell.State.Allocations.Values)
            _masks.TryAdd((cell.State.Cell, allocation.Sequence), allocation.DeviceMask);
        if (message is not WorkReports reports) return message;
        var taken = reports.Clone();
        foreach (var report in taken.Reports)
        {
            if (report.Kind != ReportKind.Completed || cell.State.FindAllocation(report.Sequence) is not null) continue;
            var mask = _masks.GetValueOrDefault((cell.State.Cell, report.Sequence));
            var holder = cell.State.FindNode(report.Node)?.Allocations
                .FirstOrDefault(s => (cell.State.FindAllocation(s)!.DeviceMask & mask) != 0);
            if (holder is > 0) report.Sequence = holder.Value;
        }

        return taken;
    }
}

/// <summary>A cell makes a new job of a key that it knows.</summary>
public sealed class ForgottenDedupe : PlantedBug
{
    public override ICellMessage OnCellMessage(CellEngine cell, ICellMessage message)
    {
        if (message is not SubmitJobs { DryRun: false } submit) return message;
        var forgotten = submit.Clone();
        foreach (var job in forgotten.Jobs)
            if (cell.State.FindKey(job.Key) is not null) job.Key += "-again";
        return forgotten;
    }
}

/// <summary>An order reaches another node of the host than the one it is for.</summary>
public sealed class WrongNode : PlantedBug
{
    public override object OnHostMessage(long newestEpoch, object message)
    {
        if (message is not NodeOrders orders || orders.Starts.Count < 2) return message;
        var taken = orders.Clone();
        (taken.Starts[0].Node, taken.Starts[^1].Node) = (taken.Starts[^1].Node, taken.Starts[0].Node);
        return taken;
    }
}

/// <summary>A job that is cancelled, or completed, is written down as such once more.</summary>
public sealed class EndsAgain : PlantedBug
{
    private readonly Dictionary<string, CellEventMsg> _ends = new(StringComparer.Ordinal);

    public override RoundCommitted OnRow(RoundCommitted row)
    {
        var written = row;
        if (_ends.Remove(row.Cell, out var again))
        {
            written = row.Clone();
            written.Events.Add(again);
        }

        if (row.Events.FirstOrDefault(e => e.EventCase is CellEventMsg.EventOneofCase.JobCompleted
                or CellEventMsg.EventOneofCase.JobCancelled) is { } end)
            _ends[row.Cell] = end;
        return written;
    }
}

/// <summary>Whoever asks is told a key's cell while that is not in the journal yet.</summary>
public sealed class BindBeforeDurable : PlantedBug
{
    public override bool BindsEarly => true;
}

/// <summary>A key desk gives a key that it knows to whichever cell is wished now.</summary>
public sealed class BoundAnew : PlantedBug
{
    public override IDeskMessage OnDeskMessage(KeyDeskEngine desk, IDeskMessage message)
    {
        if (message is not BindKeys bind) return message;
        var taken = bind.Clone();
        foreach (var wish in taken.Wishes)
            if (desk.State.Find(wish.Key) is { } known)
                (wish.NotCell, wish.NotGeneration) = (known.Cell, known.Generation);
        return taken;
    }
}

/// <summary>A cell takes a key that it has closed: it has room for it by now.</summary>
public sealed class ClosedKeyTaken : PlantedBug
{
    public override ICellMessage OnCellMessage(CellEngine cell, ICellMessage message)
    {
        if (message is not SubmitJobs { DryRun: false } submit) return message;
        var taken = submit.Clone();
        foreach (var job in taken.Jobs)
            if (job.Binding > 0) job.Binding = Math.Max(job.Binding, cell.State.ClosedAt(job.Key) + 1);
        return taken;
    }
}

/// <summary>A cell takes a part of its array that still runs elsewhere for one that is done.</summary>
public sealed class PartBelievedDone : PlantedBug
{
    public override JobReply OnPart(JobReply reply)
    {
        var believed = reply.Clone();
        if (believed.Job is { State: "running" } part) part.State = "completed";
        return believed;
    }
}
