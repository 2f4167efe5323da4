namespace Stockpile.Core;

/// <summary>The state would be wrong; the cell stops instead of carrying on.</summary>
public sealed class InvariantBrokenException(string message, Exception? inner = null) : Exception(message, inner);
