using Confluent.Kafka;

namespace AutoBid.Streaming.Kafka;

/// <summary>A message with the number of the assignment under which it was fetched: what an earlier one left in the queue is not this one's to apply.</summary>
internal readonly record struct Fetched(ConsumeResult<byte[], byte[]> Message, int Assignment);
