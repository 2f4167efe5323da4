namespace Stockpile.Scheduler.Journal;

/// <summary>One event of a job as the journal has it.</summary>
/// <param name="At">Simulated time.</param>
/// <param name="Round">Number of the round that committed it.</param>
/// <param name="Event">The event's name, such as <c>JobPlaced</c>.</param>
/// <param name="Detail">The rest in one line.</param>
public sealed record HistoryEntry(DateTimeOffset At, string Cell, long Epoch, long Round, string Event, string Detail);
