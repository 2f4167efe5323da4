using Stockpile.Core.Routing;
using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Routing;

/// <summary>One job of a submission, from the first look for a cell to its result.</summary>
internal sealed class JobOnItsWay
{
    private readonly string _attempt;
    private (string Cell, int Generation)? _refusedBy;
    private (string Cell, int Generation)? _passedOver;

    /// <param name="ports">A job without a user's key gets one here, because the router repeats its requests.</param>
    public JobOnItsWay(Submission submission, RoutedJob job, IRouterPorts ports)
    {
        Submission = submission;
        Job = job;
        IsUsers = submission.Key.Length > 0;
        _attempt = ports.NewKey();
        Key = IsUsers ? submission.Key : RouterEngine.OwnKeyPrefix + _attempt;
    }

    public Submission Submission { get; }

    public RoutedJob Job { get; }

    public string Key { get; }

    /// <summary>The key is the user's, so its desk says where the job belongs.</summary>
    public bool IsUsers { get; }

    /// <summary>Where it goes; null: not found yet.</summary>
    public string? Cell { get; set; }

    /// <summary>The cell could run it for sure, as far as anything is sure before it has taken it.</summary>
    public bool IsSure { get; set; }

    /// <summary>The desk's binding of the key; 0: none.</summary>
    public int Generation { get; private set; }

    public bool IsBound => Generation > 0;

    /// <summary>Cells that are full.</summary>
    public HashSet<string> Avoided { get; } = new(StringComparer.Ordinal);

    /// <summary>How often the cells were asked whether they could run it.</summary>
    public int Looks { get; set; }

    public RoutingTable.Booking? Booking { get; set; }

    /// <summary>What the submitter is told; null: it is not known yet.</summary>
    public SubmitResult? Answer { get; set; }

    public KeyWish WishFor(string? cell) => new()
    {
        Key = Key,
        Cell = cell ?? "",
        NotCell = _refusedBy?.Cell ?? "",
        NotGeneration = _refusedBy?.Generation ?? 0,
    };

    /// <summary>The cell of this binding has said that it could never run the job.</summary>
    public bool WasRefusedBy(KeyBinding binding)
    {
        var bound = (binding.Cell, binding.Generation);
        return _refusedBy == bound || _passedOver == bound;
    }

    public void Bind(KeyBinding binding)
    {
        Cell = binding.Cell;
        Generation = binding.Generation;
    }

    /// <summary>Its cell could never run it.</summary>
    /// <param name="closed">The cell will not take this binding of the key any more, whatever becomes of it.</param>
    public void Refused(bool closed)
    {
        if (IsBound && closed) _refusedBy = (Cell!, Generation);
        else if (IsBound) _passedOver = (Cell!, Generation);
        Generation = 0;
        Cell = null;
    }

    /// <summary>What was only checked is done now. A binding that was passed over stands until its cell has closed it.
    /// </summary>
    public void Restart()
    {
        Answer = null;
        Looks = 0;
        _passedOver = null;
    }

    public Submission ToSend() =>
        new() { Key = Key, Spec = Submission.Spec, Binding = Generation, Attempt = _attempt };
}
