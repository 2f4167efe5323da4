using Stockpile.Protocol.V1;

namespace Stockpile.Scheduler.Notes;

/// <summary>
/// Which attempt brought each of the last jobs. A router repeats a request that is answered late; what it repeats is
/// told from here apart from a client's own repeat of its submission. A router's repeat that a fail-over came between
/// is told that the job was known.
/// </summary>
internal sealed class RecentSubmissions
{
    /// <summary>More than arrive while a router repeats one of its requests.</summary>
    private const int KeptMost = 8_192;

    private readonly RecentJobs<string> _attempts = new(KeptMost);

    public void Brought(Submission submission, long job) =>
        _attempts[job] = submission.Attempt.Length > 0 ? submission.Attempt : null;

    /// <summary>The job came with this very attempt.</summary>
    public bool IsFrom(Submission submission, long job) => _attempts[job] == submission.Attempt;
}
