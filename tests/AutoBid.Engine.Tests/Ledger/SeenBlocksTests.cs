using AutoBid.Engine.Events;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Ports;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Engine.Tests.Ledger;

public sealed class SeenBlocksTests
{
    private static readonly long Hour = TimeSpan.TicksPerHour;

    [Fact]
    public void What_was_written_is_read_back_but_for_what_expired()
        => Prop.ForAll<(byte Partition, ushort Minutes)[], ushort>((seen, now) =>
        {
            (int Partition, SeenEvent Event)[] events =
                [.. seen.Select((one, i) => (one.Partition % 3, new SeenEvent(new EventIdentity((ulong)i * 0x9E3779B97F4A7C15, ~(ulong)i), one.Minutes * TimeSpan.TicksPerMinute)))];
            List<SeenBlock> blocks = new SeenBlocks().Write(events);
            Assert.Equal(blocks.Count, blocks.Select(block => (block.Partition, block.Key)).Distinct().Count());
            foreach (int partition in new[] { 0, 1, 2 })
            {
                var read = new SeenEvents();
                new SeenBlocks().Read([.. blocks.Where(block => block.Partition == partition)], now * TimeSpan.TicksPerMinute, read);
                Assert.Equal(
                    events.Where(one => one.Partition == partition && one.Event.ExpiresTicks > now * TimeSpan.TicksPerMinute).Select(one => one.Event).OrderBy(one => one.Identity),
                    read.Ordered());
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_hour_goes_when_its_last_instant_has_passed_and_goes_once()
    {
        var blocks = new SeenBlocks();
        blocks.Write([(1, new SeenEvent(new EventIdentity(1, 1), (5 * Hour) + 3)), (0, new SeenEvent(new EventIdentity(1, 2), 7 * Hour)), (1, new SeenEvent(new EventIdentity(1, 3), 7 * Hour))]);
        Assert.Empty(blocks.TakeExpired((6 * Hour) - 1));
        Assert.Equal([new SeenKey(1, SeenKind.Ids, 5)], blocks.TakeExpired(6 * Hour));
        Assert.Equal([new SeenKey(0, SeenKind.Ids, 7), new SeenKey(1, SeenKind.Ids, 7)], blocks.TakeExpired(20 * Hour));
        Assert.Empty(blocks.TakeExpired(20 * Hour));
    }
}
