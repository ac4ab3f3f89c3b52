namespace AutoBid.Cli.Exchange;

/// <summary>The service refused a call or could not be reached; the message is one line that names the call.</summary>
internal sealed class ServiceException : Exception
{
    public ServiceException(string message)
        : base(message)
    {
    }

    public ServiceException(string message, int status)
        : base(message) => Status = status;

    public ServiceException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>HTTP status of the refusal; 0: no answer.</summary>
    public int Status { get; }
}
