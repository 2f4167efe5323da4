namespace Stockpile.Hosting.Postgres;

/// <summary>A PostgreSQL database that cannot be used; the message is one line for users, without any password.
/// </summary>
public sealed class PostgresStoreException(string message, Exception? inner = null) : Exception(message, inner);
