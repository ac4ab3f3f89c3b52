using AutoBid.Simulator.Random;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Auctions;

/// <summary>
/// Draws conversions: Bernoulli(true value of the impression) for exposed slots (<see cref="PredictionNoise"/>).
/// A draw depends on (opportunity, advertiser) alone, so over-cost re-runs and other people's bids leave it as it is.
/// </summary>
public sealed class ConversionModel
{
    private readonly AuctionNetTraffic _traffic;
    private readonly RandomStream[] _conversions;

    public ConversionModel(AuctionNetTraffic traffic)
    {
        _traffic = traffic;
        _conversions = new RandomStream[traffic.Advertisers];
    }

    /// <summary>Whether an exposed impression converts.</summary>
    public bool Converts(int step, int advertiser, int opportunity, float value)
        => Converts(_traffic.Stream(step, advertiser, DrawPurpose.Conversion), step, advertiser, opportunity, value);

    /// <summary>Sets the conversions of every advertiser in <paramref name="auction"/>'s totals.</summary>
    public void Draw(TrafficStep traffic, SlotAuction auction)
    {
        Span<AdvertiserTotals> totals = auction.Totals;
        for (int advertiser = 0; advertiser < totals.Length; advertiser++)
        {
            totals[advertiser].Conversions = 0;
            _conversions[advertiser] = _traffic.Stream(traffic.Step, advertiser, DrawPurpose.Conversion);
        }

        for (int opportunity = 0; opportunity < auction.Opportunities; opportunity++)
        {
            for (int slot = 0; slot < auction.Rules.Slots && auction.IsExposed(opportunity, slot); slot++)
            {
                if (!auction.TryGetSale(opportunity, slot, out int advertiser, out _)) break;
                float value = traffic.Values(advertiser)[opportunity];
                if (Converts(_conversions[advertiser], traffic.Step, advertiser, opportunity, value)) totals[advertiser].Conversions++;
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
