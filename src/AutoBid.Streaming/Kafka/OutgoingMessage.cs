namespace AutoBid.Streaming.Kafka;

/// <summary>One message to produce; the key decides the partition.</summary>
internal readonly record struct OutgoingMessage(string Topic, byte[]? Key, byte[] Value, string? HeaderName = null, byte[]? HeaderValue = null);
