namespace AutoBid.Storage.Sqlite;

/// <summary>A database file cannot be used: unreadable, not ours, or written by a newer program. The message says which and what to do.</summary>
public sealed class DatabaseOpenException : Exception
{
    public DatabaseOpenException()
    {
    }

    public DatabaseOpenException(string message)
        : base(message)
    {
    }

    public DatabaseOpenException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
