namespace AutoBid.Streaming.DeadLetters;

/// <summary>Keeps what cannot be applied. Both event logs implement it: what they read and cannot parse, and what callers refuse (a notice that is too old).</summary>
public interface IDeadLetterLog
{
    /// <summary>Appends to <c>topic.dead</c>, counts by topic and code, and completes when it is durable. Throws EventLogUnavailableException when it cannot be.</summary>
    ValueTask DeadLetterAsync(DeadLetter letter, CancellationToken cancellation);
}
