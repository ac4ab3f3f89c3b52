using AutoBid.Engine.Bidding;
using BenchmarkDotNet.Attributes;

namespace AutoBid.Benchmarks;

/// <summary>Bids on one single campaign from one thread and from two at once: the worst case for its headroom. Time is per bid of one thread.</summary>
[InvocationCount(1, 1)]
[WarmupCount(8)]
[IterationCount(40)]
public class ContendedBidBenchmarks
{
    private const int Bids = 1 << 16;

    private BidWorld _world = null!;

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _world = new BidWorld(1);
    }

    [IterationSetup]
    public void Free()
    {
        _world.EndAll();
        _world.AddCells(4 * Bids);
    }

    [Benchmark(OperationsPerInvoke = Bids)]
    public void OneCampaign()
    {
        if (Threads == 1) BidMany();
        else Parallel.Invoke(new ParallelOptions { MaxDegreeOfParallelism = Threads }, Enumerable.Repeat<Action>(BidMany, Threads).ToArray());
    }

    private void BidMany()
    {
        for (int i = 0; i < Bids; i++)
        {
            BidOffer offer = _world.Desk.Decide(new BidQuery(0, 0.002, 1000, false), BidWorld.Now, 1);
            if (!offer.IsBid) throw new InvalidOperationException($"no bid: {offer.Reasons}");
        }
    }
}
