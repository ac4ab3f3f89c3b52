using AutoBid.Engine.Bidding;
using BenchmarkDotNet.Attributes;

namespace AutoBid.Benchmarks;

/// <summary>
/// One candidate: look up the campaign by its UTF-8 id, read the slot, price it, take and record the hold. Campaigns are chosen at random.
/// The targets: 150 ns at 1,000 campaigns, 500 ns at 100,000, 0 bytes.
/// </summary>
[MemoryDiagnoser]
[InvocationCount(1, 1)]
[WarmupCount(8)]
[IterationCount(40)]
public class BidDecisionBenchmarks
{
    private const int Bids = 1 << 16;

    private readonly int[] _order = new int[Bids];
    private BidWorld _world = null!;

    [Params(1_000, 100_000)]
    public int Campaigns { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _world = new BidWorld(Campaigns);
        uint state = 12345;
        for (int i = 0; i < Bids; i++)
        {
            state = state * 1664525 + 1013904223;
            _order[i] = (int)(state >> 8) % Campaigns;
        }

    }

    [IterationSetup]
    public void Free()
    {
        _world.EndAll();
        _world.AddCells(Campaigns <= 1_000 ? 256 : 24);
    }

    [Benchmark(OperationsPerInvoke = Bids)]
    public long ById()
    {
        long sum = 0;
        BidWorld world = _world;
        foreach (int c in _order)
        {
            world.Book.Index.TryFind(world.Ids[c], out int campaign);
            BidOffer offer = world.Desk.Decide(new BidQuery(campaign, 0.002, 1000, false), BidWorld.Now, 1);
            sum += offer.PriceNanos > 0 ? 1 : throw new InvalidOperationException($"no bid: {offer.Reasons}");
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Bids)]
    public long ByIndex()
    {
        long sum = 0;
        BidWorld world = _world;
        foreach (int c in _order)
        {
            BidOffer offer = world.Desk.Decide(new BidQuery(c, 0.002, 1000, false), BidWorld.Now, 1);
            sum += offer.PriceNanos > 0 ? 1 : throw new InvalidOperationException($"no bid: {offer.Reasons}");
        }

        return sum;
    }
}
