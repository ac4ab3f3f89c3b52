namespace AutoBid.Engine.Ports;

/// <summary>An Idempotency-Key came again with different content.</summary>
public sealed class IdempotencyMismatchException : Exception
{
    public IdempotencyMismatchException()
    {
    }

    public IdempotencyMismatchException(string message)
        : base(message)
    {
    }

    public IdempotencyMismatchException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
