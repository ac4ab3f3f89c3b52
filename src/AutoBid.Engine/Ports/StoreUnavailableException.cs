namespace AutoBid.Engine.Ports;

/// <summary>
/// The database cannot be reached or written now, a full disk included. Nothing was applied, or it is unknown whether it was: repeat the same call.
/// </summary>
public sealed class StoreUnavailableException : Exception
{
    public StoreUnavailableException()
    {
    }

    public StoreUnavailableException(string message)
        : base(message)
    {
    }

    public StoreUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
