namespace AutoBid.Policies.Models;

/// <summary>A model that may not serve; the message says what is wrong and where.</summary>
public sealed class ModelRefusedException(RefusalReason reason, string message, Exception? inner = null) : Exception(message, inner)
{
    public RefusalReason Reason { get; } = reason;
}
