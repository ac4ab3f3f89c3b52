using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Simulator.Market;

namespace AutoBid.Simulator.Tests.Market;

public sealed class MemoryEventLogTests
{
    [Fact]
    public async Task Events_come_back_in_order_with_offsets_of_their_topics()
    {
        await using var log = new MemoryEventLog();
        await AppendAsync(log, EventKind.Bill, EventKind.Opportunity, EventKind.Bill, EventKind.Convert);
        await AppendAsync(log, EventKind.Loss);
        EngineEvent[] read = await ReadAsync(log, 3);
        Assert.Equal([(EventKind.Bill, 0), (EventKind.Opportunity, 0), (EventKind.Bill, 1L)], read.Select(e => (e.Kind, e.Offset)));
        Assert.Equal(2, log.Position.Single(at => at.Topic == Topic.Spend).NextOffset);
        Assert.Equal(3, (await log.EndOffsetsAsync(CancellationToken.None)).Single(at => at.Topic == Topic.Spend).NextOffset);
        Assert.Equal([(EventKind.Convert, 0), (EventKind.Loss, 2L)], (await ReadAsync(log, 10)).Select(e => (e.Kind, e.Offset)));
        Assert.Empty(await ReadAsync(log, 10));
        // Offsets go on after everything held was let go.
        await AppendAsync(log, EventKind.Bill);
        Assert.Equal(3, Assert.Single(await ReadAsync(log, 10)).Offset);
    }

    [Fact]
    public async Task Reading_begins_only_where_events_are_still_held()
    {
        await using var log = new MemoryEventLog();
        await log.StartAsync(new FixedOwner([]), CancellationToken.None);
        await AppendAsync(log, EventKind.Bill);
        await ReadAsync(log, 1);
        await log.StartAsync(new FixedOwner(log.Position), CancellationToken.None);
        Assert.Throws<InvalidOperationException>(() => log.StartAsync(new FixedOwner([]), CancellationToken.None).AsTask().GetAwaiter().GetResult());
    }

    [Fact]
    public async Task Rejected_events_are_counted_by_reason()
    {
        await using var log = new MemoryEventLog();
        await log.RejectAsync([new RejectedEvent(default, "too-old"), new RejectedEvent(default, "unknown-campaign"), new RejectedEvent(default, "too-old")], CancellationToken.None);
        Assert.Equal(2, log.Rejected["too-old"]);
        Assert.Equal(1, log.Rejected["unknown-campaign"]);
    }

    private static async Task AppendAsync(MemoryEventLog log, params EventKind[] kinds)
        => await log.AppendAsync(kinds.Select(kind => new EngineEvent { Kind = kind, CampaignId = "c" }).ToArray(), CancellationToken.None);

    private static async Task<EngineEvent[]> ReadAsync(MemoryEventLog log, int most)
    {
        var into = new EngineEvent[most];
        return into[..await log.ReadAsync(into, TimeSpan.Zero, CancellationToken.None)];
    }

    private sealed class FixedOwner(IReadOnlyList<PartitionOffset> offsets) : IPartitionOwner
    {
        public ValueTask TakeAsync(IReadOnlyList<int> partitions, Func<IReadOnlyList<PartitionOffset>, ValueTask> begin, CancellationToken cancellation) => begin(offsets);

        public ValueTask GiveUpAsync(IReadOnlyList<int> partitions, Action end, CancellationToken cancellation) => throw new NotSupportedException("Nothing takes them away.");
    }
}
