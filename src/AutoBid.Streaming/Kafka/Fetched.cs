using Confluent.Kafka;

namespace AutoBid.Streaming.Kafka;

/// <summary>
/// Messages that were fetched one after the other, with the number of the assignment under which they were: what an earlier one left in the queue is not
/// this one's to apply.
/// </summary>
internal readonly record struct Fetched(ConsumeResult<byte[], byte[]>[] Messages, int Assignment);
