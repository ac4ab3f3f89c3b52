using System.Diagnostics;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.Kafka;

namespace AutoBid.Streaming.Tests.Kafka;

/// <summary>Several nodes on one set of topics, through the real consumer group protocol (librdkafka's mock cluster).</summary>
public sealed class KafkaGroupTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly ListLogger<KafkaEventLog> _logger = new();

    [Fact]
    public async Task Partitions_move_between_nodes_and_no_event_is_lost_or_applied_twice()
    {
        using var cluster = new EmbeddedCluster();
        EventLogOptions options = cluster.On(new EventLogOptions());
        var shared = new SharedOffsets();
        await using var first = new GroupNode(options, shared, "a/1", _logger);
        await first.Log.StartAsync(first, default);
        await UntilAsync(() => first.Owned.Length == 4, [first]);
        await first.Log.AppendAsync(Bills(0, 200), default);

        await using (var second = new GroupNode(options, shared, "b/1", _logger))
        {
            await second.Log.StartAsync(second, default);
            await UntilAsync(() => first.Owned.Length == 2 && second.Owned.Length == 2, [first, second]);
            Assert.Empty(first.Owned.Intersect(second.Owned));
            await first.Log.AppendAsync(Bills(200, 400), default);
            await UntilAsync(() => shared.Count >= 400, [first, second]);
        }

        await UntilAsync(() => first.Owned.Length == 4, [first]);
        await first.Log.AppendAsync(Bills(400, 500), default);
        await UntilAsync(() => shared.Count >= 500, [first]);
        Assert.Equal(Enumerable.Range(0, 500).Select(n => 1000L + n), shared.Applied.Select(e => e.AmountNanos).Order());
        Assert.Equal(0, shared.Fenced);
    }

    [Fact]
    public async Task Of_every_topic_a_node_owns_the_same_partitions_and_reads_only_those()
    {
        using var cluster = new EmbeddedCluster();
        EventLogOptions options = cluster.On(new EventLogOptions());
        var shared = new SharedOffsets();
        await using var first = new GroupNode(options, shared, "a/1", _logger);
        await using var second = new GroupNode(options, shared, "b/1", _logger);
        await first.Log.StartAsync(first, default);
        await second.Log.StartAsync(second, default);
        await UntilAsync(() => first.Owned.Length == 2 && second.Owned.Length == 2, [first, second]);
        foreach (GroupNode node in new[] { first, second })
        {
            Assert.Equal(Topic.Inputs.Length * 2, node.Log.Position.Count);
            foreach (string topic in Topic.Inputs)
                Assert.Equal(node.Owned, node.Log.Position.Where(at => at.Topic == topic).Select(at => at.Partition).Order());
        }
    }

    [Fact]
    public async Task Every_node_hears_settings_and_slots_and_only_the_outcomes_of_its_own_bids()
    {
        using var cluster = new EmbeddedCluster();
        EventLogOptions options = cluster.On(new EventLogOptions());
        var shared = new SharedOffsets();
        await using var first = new GroupNode(options, shared, "a/1", _logger);
        await first.Log.StartAsync(first, default);
        // Published before the second node exists: both topics are read from their beginning.
        await first.Log.AppendAsync(new[] { Settings("c1") }, default);
        await first.Log.PublishAsync([DecisionOf("c1", 7, BidSlotFlags.OutOfBudget)], default);

        await using var second = new GroupNode(options, shared, "b/1", _logger);
        await second.Log.StartAsync(second, default);
        var heard = new List<NodeNotice>();
        await UntilAsync(() => second.Log.TakeNotices(heard) >= 0 && heard.Count >= 2, [first, second]);
        Assert.Equal("c1", Assert.Single(heard.OfType<NodeNotice.Settings>()).Campaign.Id);
        NodeNotice.Slot slot = Assert.Single(heard.OfType<NodeNotice.Slot>());
        Assert.Equal(("c1", 7L, 3.0, BidSlotFlags.OutOfBudget), (slot.CampaignId, slot.Version, slot.Value.BidPerValue, slot.Value.Flags));
        Assert.Equal(2 * (slot.Value.ExpiresTicks - TestEvents.Noon), slot.Value.DeadTicks - TestEvents.Noon);

        heard.Clear();
        LeaseOutcomes its = new("b/1", 9, TestEvents.Noon, [new BidOutcome(4, true, 1200), new BidOutcome(5, false, 0)]);
        await UntilAsync(
            () =>
            {
                // Read from the end on: what is published before the reader has found it is not its own.
                first.Log.PublishAsync([its, its with { Node = "c/1" }], default).AsTask().Wait();
                return second.Log.TakeNotices(heard) > 0;
            },
            [first, second]);
        NodeNotice.Outcomes outcomes = Assert.IsType<NodeNotice.Outcomes>(heard[0]);
        Assert.Equal(("b/1", 9L), (outcomes.Value.Node, outcomes.Value.LeaseId));
        Assert.Equal(its.Outcomes, outcomes.Value.Outcomes);
        Assert.All(heard, one => Assert.Equal("b/1", Assert.IsType<NodeNotice.Outcomes>(one).Value.Node));
    }

    [Fact]
    public async Task A_node_that_does_not_read_for_long_stays_in_the_group_and_loses_nothing()
    {
        using var cluster = new EmbeddedCluster();
        EventLogOptions options = cluster.On(new EventLogOptions());
        var shared = new SharedOffsets();
        await using var first = new GroupNode(options, shared, "a/1", _logger);
        await first.Log.StartAsync(first, default);
        await UntilAsync(() => first.Owned.Length == 4, [first]);
        // More than the queue holds: the reader has to pause its partitions.
        for (int from = 0; from < 20_000; from += 1000) await first.Log.AppendAsync(Bills(from, from + 1000), default);

        await using var second = new GroupNode(options, shared, "b/1", _logger);
        await second.Log.StartAsync(second, default);
        // The first one does not read, but takes part in the rebalance that its partitions are wanted for.
        await UntilAsync(() => second.Owned.Length == 2, [second]);
        await UntilAsync(() => shared.Count >= 20_000, [first, second]);
        Assert.Equal(Enumerable.Range(0, 20_000).Select(n => 1000L + n), shared.Applied.Select(e => e.AmountNanos).Order());
    }

    private static EngineEvent[] Bills(int from, int to) => [.. Enumerable.Range(from, to - from).Select(n => TestEvents.Bill($"c{n % 40}", n))];

    private static EngineEvent Settings(string campaign) => new()
    {
        Kind = EventKind.Campaign,
        TenantId = "default",
        CampaignId = campaign,
        Settings = TestEvents.Campaign(campaign),
        TimeTicks = TestEvents.Noon,
    };

    private static DecisionRecord DecisionOf(string campaign, long version, BidSlotFlags blocked) => new()
    {
        TenantId = "default",
        CampaignId = campaign,
        Day = 20260301,
        Step = 1,
        Tick = 2,
        TimeTicks = TestEvents.Noon,
        Policy = "mpc",
        Model = "mpc",
        Reasons = [],
        RawMultiplier = 1.5,
        Multiplier = 1.5,
        SafeMultiplier = 1,
        Reference = 2,
        BidFloorNanos = 0,
        BidCapNanos = 0,
        SpentNanos = 0,
        BudgetNanos = 1,
        Conversions = 0,
        ConversionValue = 0,
        ExpiresTicks = TestEvents.Noon + TimeSpan.TicksPerMinute,
        Version = version,
        LatencyMs = 0.5,
        Blocked = blocked,
    };

    private static async Task UntilAsync(Func<bool> condition, GroupNode[] nodes)
    {
        long started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Deadline, $"not within {Deadline.TotalSeconds} s; owned: {string.Join(" | ", nodes.Select(n => string.Join(",", n.Owned) + " at " + string.Join(",", n.Log.Position.Where(p => p.Topic == Topic.Spend).Select(p => p.NextOffset))))}");
            foreach (GroupNode node in nodes) await node.RoundAsync();
            await Task.Yield();
        }
    }
}
