namespace AutoBid.Storage;

/// <summary>A database cannot be used: unreachable or unreadable, not ours, or written by a newer program. The message says which and what to do.</summary>
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
