using Stockpile.Core.State;

namespace Stockpile.Cli.Local;

/// <summary>The journal read back and compared with the live cell, at the same round.</summary>
/// <param name="Digest">Fingerprint of the live allocations at <paramref name="Round"/>.</param>
/// <param name="Agrees">The journal alone gives the same fingerprint; all invariants held in every round.</param>
public sealed record JournalReport(string Cell, long Round, long Events, string Digest, bool Agrees);
