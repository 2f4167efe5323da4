using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Cells;

/// <summary>
/// Which attempt brought each of the last jobs. A router repeats a request that is answered late; what it repeats is
/// told from here apart from a client's own repeat of its submission. It is not in the journal, so a router's repeat
/// that a fail-over came between is told that the job was known.
/// </summary>
internal sealed class RecentSubmissions
{
    /// <summary>More than arrive while a router repeats one of its requests.</summary>
    private const int KeptMost = 8_192;

    private readonly Dictionary<long, string> _attempts = [];
    private readonly Queue<long> _order = new();

    public void Brought(Submission submission, long job)
    {
        if (submission.Attempt.Length == 0 || !_attempts.TryAdd(job, submission.Attempt)) return;
        _order.Enqueue(job);
        if (_order.Count > KeptMost) _attempts.Remove(_order.Dequeue());
    }

    /// <summary>The job came with this very attempt.</summary>
    public bool IsFrom(Submission submission, long job) =>
        submission.Attempt.Length > 0 && _attempts.GetValueOrDefault(job) == submission.Attempt;
}
