using AutoBid.Simulator.Random;
using AutoBid.Simulator.Threads;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Auctions;

/// <summary>
/// Draws conversions: Bernoulli(true value of the impression) for exposed slots (<see cref="PredictionNoise"/>).
/// A draw depends on (opportunity, advertiser) alone, so over-cost re-runs and other people's bids leave it as it is.
/// </summary>
public sealed class ConversionModel
{
    private const int Block = 512;

    private readonly AuctionNetTraffic _traffic;
    private readonly Crew _crew;
    private readonly RandomStream[] _streams;
    private readonly int[] _counts;
    private readonly Action<int, int> _drawBlock;
    private TrafficStep _values = new();
    private SlotAuction? _auction;
    private int _step = -1;

    public ConversionModel(AuctionNetTraffic traffic, Crew? crew = null)
    {
        _traffic = traffic;
        _crew = crew ?? new Crew(1);
        _streams = new RandomStream[traffic.Advertisers];
        _counts = new int[_crew.Threads * traffic.Advertisers];
        _drawBlock = DrawBlock;
    }

    /// <summary>Whether an exposed impression converts.</summary>
    public bool Converts(int step, int advertiser, int opportunity, float value)
    {
        RandomStream stream = step == _step ? _streams[advertiser] : _traffic.Stream(step, advertiser, DrawPurpose.Conversion);
        return Converts(stream, step, advertiser, opportunity, value);
    }

    /// <summary>Sets the conversions of every advertiser in <paramref name="auction"/>'s totals.</summary>
    public void Draw(TrafficStep traffic, SlotAuction auction)
    {
        Span<AdvertiserTotals> totals = auction.Totals;
        (_values, _auction, _step) = (traffic, auction, traffic.Step);
        for (int advertiser = 0; advertiser < totals.Length; advertiser++) _streams[advertiser] = _traffic.Stream(_step, advertiser, DrawPurpose.Conversion);
        Array.Clear(_counts);
        _crew.Run((auction.Opportunities + Block - 1) / Block, _drawBlock);
        for (int advertiser = 0; advertiser < totals.Length; advertiser++)
        {
            totals[advertiser].Conversions = 0;
            for (int worker = 0; worker < _crew.Threads; worker++) totals[advertiser].Conversions += _counts[worker * _streams.Length + advertiser];
        }
    }

    // Counts belong to the worker: a sum of integers does not depend on who counted what.
    private void DrawBlock(int block, int worker)
    {
        SlotAuction auction = _auction!;
        Span<int> counts = _counts.AsSpan(worker * _streams.Length, _streams.Length);
        int to = Math.Min((block + 1) * Block, auction.Opportunities);
        for (int opportunity = block * Block; opportunity < to; opportunity++)
        {
            for (int slot = 0; slot < auction.Rules.Slots && auction.IsExposed(opportunity, slot); slot++)
            {
                if (!auction.TryGetSale(opportunity, slot, out int advertiser, out _)) break;
                float value = _values.Values(advertiser)[opportunity];
                if (Converts(_streams[advertiser], _step, advertiser, opportunity, value)) counts[advertiser]++;
            }
        }
    }

    // Most draws are above any possible true value: those need no further numbers.
    private bool Converts(RandomStream stream, int step, int advertiser, int opportunity, float value)
    {
        double u = stream.Uniform(opportunity);
        return u < PredictionNoise.LargestFactor * value && u < _traffic.TrueValue(step, advertiser, opportunity, value);
    }
}
