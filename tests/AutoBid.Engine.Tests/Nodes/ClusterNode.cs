using System.Diagnostics;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;
using AutoBid.Policies.Fallback;

namespace AutoBid.Engine.Tests.Nodes;

/// <summary>One live engine of several on one log and one store, on a clock that the test moves.</summary>
internal sealed class ClusterNode : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly PolicyMetrics _metrics = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ManualTimeProvider _time;
    private Task _loop = Task.CompletedTask;

    public ClusterNode(InMemoryCluster cluster, InMemoryLedgerStore store, ManualTimeProvider time, string name, EngineOptions? options = null)
    {
        _time = time;
        Log = cluster.Join(name);
        Engine = new AutoBidEngine(
            (options ?? new EngineOptions()) with { Node = name, SharesPartitions = true }, new EngineClocks(time, time, false), Log, store,
            Bench.Chain(_metrics), Identities.Of);
    }

    public AutoBidEngine Engine { get; }

    public InMemoryCluster.Member Log { get; }

    public async Task StartAsync(params Campaign[] campaigns)
    {
        await Engine.StartAsync((campaigns.Length > 0 ? campaigns : [Bench.Campaign()]).ToAsyncEnumerable(), default);
        _loop = Task.Run(() => Engine.RunAsync(_stop.Token));
    }

    /// <summary>Gives the loops turns until it is done; a loop that died ends the wait with its error. Waits of the loop pass by themselves.</summary>
    public async Task UntilAsync(Func<Task<bool>> done, string what)
    {
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; Stopwatch.GetElapsedTime(started) < Deadline; i++)
        {
            if (await done()) return;
            if (_loop.IsCompleted) await _loop;
            if (i % 50 == 49) _time.Advance(TimeSpan.FromMilliseconds(5));
            await Task.Yield();
        }

        Assert.Fail($"never: {what}");
    }

    public Task UntilAsync(Func<bool> done, string what) => UntilAsync(() => Task.FromResult(done()), what);

    public BidOffer Bid(int campaign = 0) => Engine.Bids.Decide(new BidQuery(campaign, 0.0005, 0, false), Engine.Now, TimeSpan.FromMinutes(5).Ticks);

    /// <summary>Bids once there is a slot and headroom.</summary>
    public async Task<BidOffer> UntilBidAsync(int campaign = 0)
    {
        BidOffer offer = default;
        await UntilAsync(() => (offer = Bid(campaign)).IsBid, $"a bid of {Log.Node}, last {offer.Reasons}");
        return offer;
    }

    public async Task BillAsync(BidOffer offer, string campaign = "c1")
        => await Log.AppendAsync(
            new[] { (Bench.Bill(offer.Held.LeaseId, offer.Held.Seq, offer.PriceNanos, campaign: campaign) with { TimeTicks = Engine.NowTicks, OriginTicks = Engine.NowTicks }).Identified() },
            default);

    public async Task<long> SpentAsync(string campaign = "c1") => (await Engine.LookAsync("t1", campaign, default))!.SpentNanos;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await Engine.DisposeAsync();
        _metrics.Dispose();
        _stop.Dispose();
    }
}
