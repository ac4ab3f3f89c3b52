using AutoBid.Core.Money;
using AutoBid.Simulator.Auctions;

namespace AutoBid.Simulator.Market;

/// <summary>Size and price level of the <c>market</c> preset: one slot, opportunities one after the other in event time.</summary>
public sealed record MarketOptions
{
    public IReadOnlyList<MarketCampaign> Campaigns { get; init; } = MarketCampaigns.Default8();

    /// <summary>Mean number of requests per step; the day's shape distributes them.</summary>
    public int RequestsPerStep { get; init; } = 1_000;

    /// <summary>First price, or second price (generalised with one slot).</summary>
    public AuctionPricing Pricing { get; init; } = AuctionPricing.GeneralisedSecondPrice;

    /// <summary>Mean P(conversion), before campaign scale and regime levels.</summary>
    public double MeanValue { get; init; } = 0.02;

    /// <summary>Share of the requests a campaign is eligible for (every request has at least one candidate).</summary>
    public double EligibleShare { get; init; } = 0.35;

    /// <summary>Median of the rivals' highest bid at the middle of the day, account currency per impression.</summary>
    public double CompetingMedian { get; init; } = 0.11;

    /// <summary>Standard deviation of the logarithm of the rivals' highest bid within a step.</summary>
    public double CompetingSpread { get; init; } = 0.5;

    /// <summary>Floor of every request, nanos per impression.</summary>
    public long FloorNanos { get; init; } = 10 * Nanos.PerCpm;

    /// <summary>Throws when a number cannot describe a market.</summary>
    public void Check()
    {
        if (Campaigns.Count == 0) throw new ArgumentException("A market needs at least one campaign.", nameof(Campaigns));
        if (RequestsPerStep < 1) throw new ArgumentOutOfRangeException(nameof(RequestsPerStep), RequestsPerStep, "At least one request per step is needed.");
        if (!(MeanValue > 0 && MeanValue <= 1)) throw new ArgumentOutOfRangeException(nameof(MeanValue), MeanValue, "A mean probability in (0, 1] is needed.");
        if (!(EligibleShare is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(EligibleShare), EligibleShare, "A share in [0, 1] is needed.");
        if (!(CompetingMedian > 0)) throw new ArgumentOutOfRangeException(nameof(CompetingMedian), CompetingMedian, "A price above 0 is needed.");
        if (!(CompetingSpread >= 0)) throw new ArgumentOutOfRangeException(nameof(CompetingSpread), CompetingSpread, "A spread of at least 0 is needed.");
        ArgumentOutOfRangeException.ThrowIfNegative(FloorNanos);
    }
}
