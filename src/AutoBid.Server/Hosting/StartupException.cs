namespace AutoBid.Server.Hosting;

/// <summary>The service cannot start; the message is one line for the operator.</summary>
public sealed class StartupException : Exception
{
    public StartupException()
    {
    }

    public StartupException(string message)
        : base(message)
    {
    }

    public StartupException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
