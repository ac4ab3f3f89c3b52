using AutoBid.Engine.Ports;
using Confluent.Kafka;

namespace AutoBid.Streaming.Kafka;

/// <summary>
/// The partitions of the input topics that this node owns, from one rebalance to the next: of every topic the same ones, because what belongs to a campaign
/// has one owner.
/// </summary>
internal sealed class PartitionAssignment
{
    private readonly int[] _placeOf;

    /// <param name="partitions">Partitions of each keyed topic.</param>
    /// <param name="owned">Numbers of the owned ones.</param>
    public PartitionAssignment(int partitions, IReadOnlyList<int> owned)
    {
        Partitions = partitions;
        Numbers = owned;
        _placeOf = new int[partitions];
        Array.Fill(_placeOf, -1);
        for (int i = 0; i < owned.Count; i++) _placeOf[owned[i]] = i;
        Owned = [.. Topic.Inputs.SelectMany(topic => owned.Select(partition => new TopicPartition(topic, partition)))];
    }

    /// <summary>Partitions of each keyed topic.</summary>
    public int Partitions { get; }

    /// <summary>Numbers of the owned partitions.</summary>
    public IReadOnlyList<int> Numbers { get; }

    /// <summary>Topic by topic, in the order of Topic.Inputs.</summary>
    public IReadOnlyList<TopicPartition> Owned { get; }

    /// <summary>All partitions: this node is alone.</summary>
    public static PartitionAssignment All(int partitions) => new(partitions, [.. Enumerable.Range(0, partitions)]);

    /// <summary>Place of a partition in <see cref="Owned"/>; -1: not owned.</summary>
    public int IndexOf(string topic, int partition)
    {
        int index = Array.IndexOf(Topic.Inputs, topic);
        return index < 0 || partition < 0 || partition >= Partitions || _placeOf[partition] < 0 ? -1 : index * Numbers.Count + _placeOf[partition];
    }
}
