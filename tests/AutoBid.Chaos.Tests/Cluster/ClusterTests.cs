using System.Diagnostics;
using AutoBid.Chaos.Tests.Process;

namespace AutoBid.Chaos.Tests.Cluster;

/// <summary>Two real nodes on a real broker and a real database, with load on both, and what happens to them.</summary>
public sealed class ClusterTests(ClusterGround ground) : IClassFixture<ClusterGround>
{
    [Fact]
    public async Task A_killed_owner_is_taken_over_and_bids_of_the_other_go_on()
    {
        await using ChaosCluster cluster = await ChaosCluster.StartAsync(ground, seed: 21);
        ChaosNode[] alive = [];
        for (int kill = 0; kill < ChaosLength.Of(1, 5); kill++)
        {
            (ChaosNode owner, ChaosNode other) = await cluster.OwnerAsync();
            other.Door.ForgetPauses();
            await cluster.KillAsync(owner);
            TimeSpan after = await cluster.SharedAsync(other);
            await other.NextBidAsync();
            ChaosLength.Say($"owner killed: the other kept all campaigns after {after.TotalSeconds:0.0} s, longest pause of its bids {other.Door.LongestPause.TotalSeconds:0.00} s");
            // Less than the group takes to notice: bids do not wait for it.
            Assert.True(other.Door.LongestPause < TimeSpan.FromSeconds(6), $"no bid for {other.Door.LongestPause}");
            await cluster.Exchange.LoadAsync(60);
            alive = [other];
            if (!ChaosLength.IsLong) continue;
            alive = [owner, other];
            await cluster.RestartAsync(owner);
            await cluster.SharedAsync(owner, other);
            await cluster.Exchange.LoadAsync(60);
        }

        Say(cluster, await cluster.EndAsync(alive));
    }

    [Fact]
    public async Task An_owner_that_was_stopped_and_wakes_commits_nothing()
    {
        await using ChaosCluster cluster = await ChaosCluster.StartAsync(ground, seed: 22);
        for (int stop = 0; stop < ChaosLength.Of(1, 4); stop++)
        {
            (ChaosNode owner, ChaosNode other) = await cluster.OwnerAsync();
            owner.Process.Stop();
            TimeSpan after = await cluster.SharedAsync(other);
            await cluster.Exchange.LoadAsync(60);
            // In the long run longer than a lease lives.
            if (stop == 1) await Task.Delay(TimeSpan.FromSeconds(75));
            Assert.Null(await cluster.LookAsync(isAtRest: false));
            owner.Process.Wake();
            await cluster.SharedAsync(owner, other);
            await owner.NextBidAsync();
            await cluster.Exchange.LoadAsync(60);
            ChaosLength.Say($"owner stopped: taken over after {after.TotalSeconds:0.0} s; after it woke {await owner.MetricAsync("autobid_fenced_total")} of its commits were refused");
        }

        Say(cluster, await cluster.EndAsync(cluster[0], cluster[1]));
    }

    [Fact]
    public async Task A_database_that_is_killed_and_started_again_costs_no_event()
    {
        await using ChaosCluster cluster = await ChaosCluster.StartAsync(ground, seed: 23);
        for (int kill = 0; kill < ChaosLength.Of(1, 4); kill++)
        {
            ground.Postgres.Kill();
            // Neither node is ready, and their leases run out: no lease is granted by nobody.
            foreach (ChaosNode node in new[] { cluster[0], cluster[1] })
                await Eventually.HoldsAsync(async () => await node.ReadinessAsync() == System.Net.HttpStatusCode.ServiceUnavailable ? null : $"{node.Name} calls itself ready", TimeSpan.FromSeconds(60));
            long before = cluster.Exchange.Bids;
            if (kill > 0) await NoMoreBidsAsync(cluster);
            long started = Stopwatch.GetTimestamp();
            await ground.Postgres.RestartAsync();
            foreach (ChaosNode node in new[] { cluster[0], cluster[1] })
            {
                await Eventually.HoldsAsync(async () => await node.ReadinessAsync() == System.Net.HttpStatusCode.OK ? null : $"{node.Name} is not ready", TimeSpan.FromSeconds(60));
                await node.NextBidAsync();
            }

            ChaosLength.Say($"database back: both ready and bidding after {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s; {cluster.Exchange.Bids - before} bids meanwhile");
            await cluster.Exchange.LoadAsync(60);
        }

        Say(cluster, await cluster.EndAsync(cluster[0], cluster[1]));
    }

    [Fact]
    public async Task Partitions_move_to_a_node_that_joins_and_from_one_that_leaves()
    {
        ChaosLength.RequireLong("starts three nodes; what hands over in it is tested in process, and its group's protocol too");
        await using ChaosCluster cluster = await ChaosCluster.StartAsync(ground, seed: 24);
        for (int round = 0; round < 3; round++)
        {
            ChaosNode third = await cluster.JoinAsync();
            TimeSpan joined = await cluster.SharedAsync(cluster[0], cluster[1], third);
            await third.NextBidAsync();
            await cluster.Exchange.LoadAsync(60);
            // SIGTERM: it hands over what it owns.
            cluster.Exchange.Close(third.Door);
            long started = Stopwatch.GetTimestamp();
            await third.Process.TerminateAsync();
            Assert.Equal(0, third.Process.ExitCode);
            await cluster.SharedAsync(cluster[0], cluster[1]);
            ChaosLength.Say($"third node: all three own after {joined.TotalSeconds:0.0} s; after SIGTERM the two own all again within {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
            await cluster.Exchange.LoadAsync(60);
        }

        Say(cluster, await cluster.EndAsync(cluster[0], cluster[1]));
    }

    private static async Task NoMoreBidsAsync(ChaosCluster cluster)
    {
        long last = -1;
        await Eventually.HoldsAsync(
            async () =>
            {
                long now = cluster.Exchange.Bids;
                bool ended = now == last;
                last = now;
                if (!ended) await Task.Delay(TimeSpan.FromSeconds(4));
                return ended;
            },
            TimeSpan.FromSeconds(150), () => $"bids go on without the database: {cluster.Exchange.Bids}");
    }

    private static void Say(ChaosCluster cluster, AuditReport report)
    {
        ChaosLength.Say($"{cluster.Exchange.Bids} bids, {report}");
        Assert.True(report.Bills > 100 && report.Conversions > 10, "a run without load proves nothing");
        Assert.DoesNotContain("foreign-bid", report.Causes.Keys);
        Assert.DoesNotContain("foreign-lease", report.Causes.Keys);
    }
}
