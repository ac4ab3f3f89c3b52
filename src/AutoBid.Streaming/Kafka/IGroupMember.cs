using AutoBid.Engine.Ports;

namespace AutoBid.Streaming.Kafka;

/// <summary>Told by the reader, on its fetching thread, what the consumer group decided. Until a call returns nothing is fetched.</summary>
internal interface IGroupMember
{
    /// <summary>Partitions that this node owns from now on. Returns where each of their topics is read from.</summary>
    IReadOnlyList<PartitionOffset> Given(IReadOnlyList<int> partitions);

    /// <summary>They belong to another node now, or will when this returns.</summary>
    void Taken(IReadOnlyList<int> partitions);
}
