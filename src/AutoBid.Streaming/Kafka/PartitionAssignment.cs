using AutoBid.Engine.Ports;
using Confluent.Kafka;

namespace AutoBid.Streaming.Kafka;

/// <summary>
/// Which partitions of the input topics this node owns: all, because one node consumes. Several nodes replace this class by a consumer group with the range
/// assignor and epochs in partition_owner (design.md section 4); nothing else decides ownership.
/// </summary>
internal sealed class PartitionAssignment(int partitions)
{
    /// <summary>Partitions of each keyed topic.</summary>
    public int Partitions => partitions;

    /// <summary>Topic by topic, in the order of Topic.Inputs.</summary>
    public IReadOnlyList<TopicPartition> Owned { get; } =
        [.. Topic.Inputs.SelectMany(topic => Enumerable.Range(0, partitions).Select(partition => new TopicPartition(topic, partition)))];

    /// <summary>Place of a partition in <see cref="Owned"/>; -1: not owned.</summary>
    public int IndexOf(string topic, int partition)
    {
        int index = Array.IndexOf(Topic.Inputs, topic);
        return index < 0 || partition < 0 || partition >= partitions ? -1 : index * partitions + partition;
    }
}
