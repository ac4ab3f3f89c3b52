using AutoBid.Engine.Events;

namespace AutoBid.Engine.Ports;

/// <summary>
/// The event log as the engine sees it: durable appends of input events, ordered reads of the owned partitions, and the engine's own output.
/// Implementations: the embedded log and Kafka. Offsets are kept by the engine's ledger store, never by the log (no consumer-group commits).
/// Appends may come from many threads at once; reads have one owner.
/// </summary>
public interface IEventLog : IAsyncDisposable
{
    /// <summary>Appends and completes when every event is durable. Throws <see cref="EventLogUnavailableException"/> when it cannot be.</summary>
    ValueTask AppendAsync(ReadOnlyMemory<EngineEvent> events, CancellationToken cancellation);

    /// <summary>
    /// Begins: the log gives <paramref name="owner"/> the partitions that fall to this node, now and whenever that changes, and asks where to read.
    /// One node without others owns all of them when this completes; one among several may get its first later.
    /// </summary>
    ValueTask StartAsync(IPartitionOwner owner, CancellationToken cancellation);

    /// <summary>Partitions of every keyed topic; known from the first call to the owner on.</summary>
    int Partitions { get; }

    /// <summary>The partition that all events of a campaign lie in.</summary>
    int PartitionOf(string campaignId);

    /// <summary>True while partitions change hands and the owner's call waits for its loop: whoever waits for events must come to an end.</summary>
    bool IsHandingOver { get; }

    /// <summary>End offsets of the owned partitions now: what was appended before this call lies below them.</summary>
    ValueTask<IReadOnlyList<PartitionOffset>> EndOffsetsAsync(CancellationToken cancellation);

    /// <summary>
    /// Reads what is there, at most <paramref name="into"/>.Length events, waiting up to <paramref name="wait"/> for the first one.
    /// Records that cannot be parsed go to the dead-letter topic, are counted, and move the position like any other.
    /// </summary>
    /// <returns>Number of events written.</returns>
    ValueTask<int> ReadAsync(Memory<EngineEvent> into, TimeSpan wait, CancellationToken cancellation);

    /// <summary>The position after the last event returned by <see cref="ReadAsync"/>, dead letters included.</summary>
    IReadOnlyList<PartitionOffset> Position { get; }

    /// <summary>Takes what every node hears (settings, slots, outcomes of its own bids), without waiting; empty where one node is alone.</summary>
    /// <returns>Number of notices added.</returns>
    int TakeNotices(ICollection<NodeNotice> into);

    /// <summary>Tells other nodes how their bids ended.</summary>
    ValueTask PublishAsync(IReadOnlyList<LeaseOutcomes> outcomes, CancellationToken cancellation);

    /// <summary>Publishes decisions to autobid.decisions and the slots to autobid.multipliers.</summary>
    ValueTask PublishAsync(IReadOnlyList<DecisionRecord> decisions, CancellationToken cancellation);

    /// <summary>Moves events that the engine cannot apply to the dead letters of their topics, with the reason; consumption goes on.</summary>
    ValueTask RejectAsync(IReadOnlyList<RejectedEvent> rejected, CancellationToken cancellation);

    /// <summary>False while appends cannot be made durable; readiness and the console show it.</summary>
    bool IsAvailable { get; }
}
