using Stockpile.Core.Commands;
using Stockpile.Core.State;

namespace Stockpile.Core.Tests.Cells.Oracles;

/// <summary>Callers retry, so the same command comes again: at once, or long after.</summary>
public static class Repeats
{
    /// <summary>The same command again, right after the first.</summary>
    public static IEnumerable<string> Complaints(RoundWriter round, Told first)
    {
        var before = round.Count;
        var again = round.Run(first.Command);
        if (again is Accepted || round.Count != before)
            yield return $"a repeat was accepted: {first.Command} -> {again}";
        if (first.Decision is Rejected && again is not Rejected)
            yield return $"what was refused is not refused again: {first.Command} -> {again}";
        var number = first.Decision is Accepted { Events: [var only] }
            ? only switch { JobSubmitted e => e.Job, JobAdopted e => e.Job, _ => 0 }
            : 0;
        if (number > 0 && !(again is AlreadyDone done && done.Job == number))
            yield return $"the repeat of a submission names another job: {again}";
    }

    /// <summary>Commands whose effect is for good, so that no later state accepts them anew.</summary>
    public static bool IsForGood(Told told) => told is
    {
        Decision: Accepted,
        Command: SubmitJob or CancelJob or ForwardJob or ReportStarted or ReportCompleted,
    };

    /// <summary>A command that was accepted once, some time later.</summary>
    public static IEnumerable<string> LaterComplaints(RoundWriter round, CellCommand command)
    {
        var before = round.Count;
        if (round.Run(command) is Accepted || round.Count != before)
            yield return $"a late repeat was accepted: {command}";
    }
}
