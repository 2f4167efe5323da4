using System.Numerics;
using Stockpile.Core;
using Stockpile.Core.Cycle;
using Stockpile.Core.State;

namespace Stockpile.Tests.Shared.Faults;

/// <summary>Work that got devices.</summary>
/// <param name="At">When the round was written, in real time.</param>
/// <param name="After">Why the job had lost its devices before; null: it had none.</param>
internal sealed record Placement(string Cell, long Epoch, DateTime At, long Job, string? After);

/// <summary>
/// Keeps the books of all cells from the events alone, beside the invariants that the cells themselves check: which
/// allocation holds how much of which device, and who was placed, started, ended and completed how often. What must
/// not be is a finding; it goes on after one.
/// </summary>
internal sealed class JournalLedger
{
    private readonly Dictionary<(string Cell, string Node, int Device), int> _heldMilli = [];
    private readonly Dictionary<(string Cell, long Sequence), PlacedAllocation> _live = [];
    private readonly HashSet<(string Cell, long Sequence)> _placed = [];
    private readonly HashSet<(string Cell, long Sequence)> _started = [];
    private readonly HashSet<(string Cell, long Job)> _ended = [];
    private readonly Dictionary<(string Cell, long Job), string> _waitsAfter = [];
    private readonly Dictionary<string, (long Round, long Epoch)> _last = new(StringComparer.Ordinal);
    private readonly List<string> _findings = [];
    private readonly List<Placement> _placements = [];

    /// <summary>Key → job, over all cells.</summary>
    public Dictionary<string, JobId> Jobs { get; } = new(StringComparer.Ordinal);

    /// <summary>Times that a cell recovered.</summary>
    public long Epochs { get; private set; }

    /// <summary>Jobs that wait or run.</summary>
    public int InFlight { get; private set; }

    /// <summary>What happened twice, was lost or was held beyond its whole.</summary>
    public IReadOnlyList<string> Findings => _findings;

    /// <summary>In the order of the rows, cell by cell.</summary>
    public IReadOnlyList<Placement> Placements => _placements;

    /// <summary>The epoch of the cell's last row; 0: it has none.</summary>
    public long EpochOf(string cell) => _last.GetValueOrDefault(cell).Epoch;

    public bool HasEnded(JobId job) => _ended.Contains((job.Cell, job.Number));

    /// <summary>Takes the cell's next row.</summary>
    /// <param name="at">When it was written, in real time.</param>
    public void Take(Round round, DateTime at = default)
    {
        var (number, epoch) = _last.GetValueOrDefault(round.Cell);
        if (round.Number != number + 1) Find($"{round.Cell} has round {round.Number} after round {number}");
        if (round.Epoch < epoch)
            Find($"{round.Cell} has epoch {round.Epoch} in round {round.Number}, after epoch {epoch}");
        _last[round.Cell] = (round.Number, round.Epoch);
        foreach (var committed in round.Events) Take(round, committed, at);
    }

    private void Take(Round round, CellEvent committed, DateTime at)
    {
        switch (committed)
        {
            case EpochRaised:
                Epochs++;
                break;
            case JobSubmitted e:
                InFlight++;
                if (e.Key.Length > 0 && !Jobs.TryAdd(e.Key, new JobId(round.Cell, e.Job)))
                    Find($"two jobs have the key {e.Key}: {Jobs[e.Key]} and {new JobId(round.Cell, e.Job)}");
                break;
            case JobAdopted or ArraySplit:
                InFlight++;
                break;
            case JobPlaced e:
                foreach (var allocation in e.Allocations) Bind(round.Cell, allocation);
                _waitsAfter.Remove((round.Cell, e.Job), out var after);
                _placements.Add(new Placement(round.Cell, round.Epoch, at, e.Job, after));
                if (_ended.Contains((round.Cell, e.Job))) Find($"{round.Cell}-{e.Job} was placed after its end");
                break;
            case JobRequeued e:
                _waitsAfter[(round.Cell, e.Job)] = e.Reason;
                break;
            case AllocationsStarted e:
                foreach (var sequence in e.Sequences)
                    if (!_started.Add((round.Cell, sequence))) Find($"{round.Cell} started {sequence} twice");
                break;
            case AllocationsEnded e:
                foreach (var sequence in e.Sequences) Free(round.Cell, sequence);
                break;
            case JobCompleted e: End(round.Cell, e.Job); break;
            case JobCancelled e: End(round.Cell, e.Job); break;
            case JobFailed e: End(round.Cell, e.Job); break;
            case JobForwarded e: End(round.Cell, e.Job); break;
            case AdoptionDropped e: End(round.Cell, e.Job); break;
        }
    }

    private void End(string cell, long job)
    {
        if (_ended.Add((cell, job))) InFlight--;
        else Find($"{cell}-{job} ended twice");
    }

    private void Bind(string cell, PlacedAllocation allocation)
    {
        if (!_placed.Add((cell, allocation.Sequence))) Find($"{cell} placed {allocation.Sequence} twice");
        _live[(cell, allocation.Sequence)] = allocation;
        Hold(cell, allocation, +1);
    }

    private void Free(string cell, long sequence)
    {
        if (_live.Remove((cell, sequence), out var ended)) Hold(cell, ended, -1);
        else Find($"{cell} ended {sequence} twice, or never placed it");
    }

    private void Hold(string cell, PlacedAllocation allocation, int sign)
    {
        var milli = allocation.ShareMilli > 0 ? allocation.ShareMilli : Limits.MilliPerDevice;
        for (var mask = allocation.DeviceMask; mask != 0; mask &= mask - 1)
        {
            var device = (cell, allocation.Node, Device: BitOperations.TrailingZeroCount(mask));
            var held = _heldMilli.GetValueOrDefault(device) + sign * milli;
            if (held is < 0 or > Limits.MilliPerDevice)
                Find($"device {device.Device} of {allocation.Node} is held by {held} thousandths");
            _heldMilli[device] = held;
        }
    }

    private void Find(string what) => _findings.Add(what);
}
