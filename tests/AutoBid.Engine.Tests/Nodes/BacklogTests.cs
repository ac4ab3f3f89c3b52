using AutoBid.Core.Campaigns;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Tests.Fakes;
using AutoBid.Engine.Tests.Nodes.Model;
using AutoBid.Policies.Fallback;

namespace AutoBid.Engine.Tests.Nodes;

/// <summary>What a new owner finds in the log.</summary>
public sealed class BacklogTests
{
    [Fact]
    public async Task Settings_in_a_backlog_begin_no_day_of_their_own_time()
    {
        var time = new ManualTimeProvider(Bench.Midnight.AddHours(10).AddSeconds(7));
        var cluster = new InMemoryCluster();
        using var metrics = new PolicyMetrics();
        await using var node = new ModelNode(cluster, new InMemoryLedgerStore(), time, "a/1", new EngineOptions(), metrics);
        await node.StartAsync([Bench.Campaign()]);
        // As the outbox sends them: a fixed instant, long ago.
        var settings = new EngineEvent
        {
            Kind = EventKind.Campaign,
            TenantId = "t1",
            CampaignId = "c1",
            Settings = Bench.Campaign() with { Version = 2 },
            TimeTicks = new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks,
        };
        await node.Log.AppendAsync(new[] { settings.Identified() }, default);
        node.Engine.Counters.CountOpportunity(0, 1000);
        await node.Log.GiveAsync(0, 1, 2, 3);
        // Catches up, and ticks: statistics of the running day go to the log and are read back, before any step is looked at.
        await node.Engine.RoundAsync(default);
        EngineEvent stats = Assert.Single(cluster.All(), e => e.Kind == EventKind.BidStats);
        Assert.InRange(stats.TimeTicks, Bench.At(10), Bench.At(11));
        Assert.Empty(node.Log.Rejected);
        CampaignStatusView look = (await node.Engine.LookAsync("t1", "c1", default))!;
        Assert.Equal((Bench.Day, 1L), (look.Day, (long)look.Rows[^1].Impressions));
    }
}
