using System.Diagnostics;
using AutoBid.Chaos.Tests.Process;
using AutoBid.Streaming.Tests.Kafka;
using AutoBid.Tests.Shared;

namespace AutoBid.Chaos.Tests.Cluster;

/// <summary>Two nodes in network namespaces; the cable of one is cut, so that it reaches neither broker nor database nor the other, only its exchange.</summary>
public sealed class PartitionedNetworkTests
{
    /// <summary>Life of a lease, and what a loaded machine may take beside it.</summary>
    private static readonly TimeSpan LeaseEnd = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task A_node_that_is_cut_off_stops_with_its_leases_and_commits_nothing_and_the_other_goes_on()
    {
        ChaosLength.RequireLong("waits until leases end");
        if (PostgresServer.WhyNot is { } why) Assert.Skip(why);
        NetworkCell[] cells = NetworkCell.Make(2);
        try
        {
            using var broker = new KafkaBroker();
            broker.Start(NetworkCell.Host);
            await using PostgresServer postgres = await PostgresServer.StartAsync(own: true, also: NetworkCell.Host);
            await using ChaosCluster cluster = await ChaosCluster.StartAsync(
                broker.BootstrapServers, await postgres.NewSchemaAsync(NetworkCell.Host), seed: 25,
                [.. cells.Select(cell => (Func<ChaosCluster, Task<ChaosNode>>)(one => one.JoinAsync(cell.Through, cell.ConnectAsync)))]);
            for (int round = 0; round < 2; round++)
            {
                (ChaosNode cut, ChaosNode other) = await cluster.OwnerAsync();
                NetworkCell cable = cells[cut == cluster[0] ? 0 : 1];
                other.Door.ForgetPauses();
                long started = Stopwatch.GetTimestamp(), bids = cut.Door.Bids;
                cable.Cut();
                await Eventually.HoldsAsync(async () => (await other.KeptAsync()).Length == ChaosService.Campaigns.Count, LeaseEnd, () => $"{other.Name} does not take over");
                TimeSpan taken = Stopwatch.GetElapsedTime(started);

                // Its exchange still asks it; it answers out of what was granted to it and then no more.
                TimeSpan ended = await BidsEndAsync(cut, started);
                long outOfLeases = cut.Door.Bids - bids;
                Assert.True(other.Door.LongestPause < TimeSpan.FromSeconds(6), $"{other.Name} did not bid for {other.Door.LongestPause}");
                await cluster.Exchange.LoadAsync(60);
                Assert.Null(await cluster.LookAsync(isAtRest: false));

                started = Stopwatch.GetTimestamp();
                cable.Heal();
                await cluster.SharedAsync(cut, other);
                await cut.NextBidAsync();
                ChaosLength.Say(
                    $"cut off: taken over after {taken.TotalSeconds:0.0} s; its {outOfLeases} bids ended after {ended.TotalSeconds:0.0} s; longest pause of the other's bids "
                    + $"{other.Door.LongestPause.TotalSeconds:0.00} s; healed: sharing and bidding after {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
                await cluster.Exchange.LoadAsync(60);
            }

            AuditReport report = await cluster.EndAsync(cluster[0], cluster[1]);
            ChaosLength.Say($"{cluster.Exchange.Bids} bids, {report}");
            Assert.DoesNotContain("foreign-bid", report.Causes.Keys);
            Assert.DoesNotContain("foreign-lease", report.Causes.Keys);
        }
        finally
        {
            foreach (NetworkCell cell in cells) cell.Dispose();
        }
    }

    /// <returns>When its last bid came, counted from <paramref name="started"/>.</returns>
    private static async Task<TimeSpan> BidsEndAsync(ChaosNode node, long started)
    {
        long last = -1, at = started;
        await Eventually.HoldsAsync(
            () =>
            {
                long now = node.Door.Bids;
                if (now != last) (last, at) = (now, Stopwatch.GetTimestamp());
                return Task.FromResult(Stopwatch.GetElapsedTime(at) > TimeSpan.FromSeconds(10));
            },
            LeaseEnd, () => $"{node.Name} bids on: {node.Door.Bids}");
        return Stopwatch.GetElapsedTime(started, at);
    }
}
