namespace AutoBid.Engine.Ports;

/// <summary>The event log cannot make an append durable now; the caller must not acknowledge.</summary>
public sealed class EventLogUnavailableException : Exception
{
    public EventLogUnavailableException()
    {
    }

    public EventLogUnavailableException(string message)
        : base(message)
    {
    }

    public EventLogUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
