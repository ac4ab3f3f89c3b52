using AutoBid.Core.Time;

namespace AutoBid.Simulator.Traffic;

/// <summary>Size and value scale of the <c>auctionnet</c> traffic, and how far its law is shifted (policies that know it as auction.md fixes it are then wrong).</summary>
public sealed record TrafficOptions
{
    /// <summary>The benchmark's final round ("sparse"): mean value 0.0005, 500,000 opportunities.</summary>
    public static TrafficOptions FinalRound { get; } = new();

    /// <summary>The benchmark's dense data: mean value 0.005.</summary>
    public static TrafficOptions Dense { get; } = new() { MeanValue = 0.005 };

    /// <summary>Opportunities per period before rounding down per step.</summary>
    public int OpportunitiesPerPeriod { get; init; } = 500_000;

    /// <summary>Base of the predicted conversion probability.</summary>
    public double MeanValue { get; init; } = 0.0005;

    public int Advertisers { get; init; } = AuctionNetSeats.Count;

    /// <summary>Steps after which value levels are drawn again, 1 to 48; the preset's 8 unless shifted.</summary>
    public int RegimeSteps { get; init; } = AuctionNetTraffic.RegimeSteps;

    /// <summary>
    /// Correlation, in [0, 1), of the advertisers' values on one opportunity before clipping: a factor common to all of them. Each advertiser's own
    /// mean and spread stay as they are. The preset has none.
    /// </summary>
    public double ValueCorrelation { get; init; }

    /// <summary>Chance of each 4-step window to carry two to three times its traffic, in [0, 1]; added on top of <see cref="OpportunitiesPerPeriod"/>.</summary>
    public double SpikeProbability { get; init; }

    /// <summary>Throws when a number cannot describe traffic.</summary>
    public void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(OpportunitiesPerPeriod, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Advertisers, 1);
        if (!(MeanValue > 0 && MeanValue <= 1)) throw new ArgumentOutOfRangeException(nameof(MeanValue), MeanValue, "A mean probability in (0, 1] is needed.");
        if (RegimeSteps is < 1 or > StepClock.StepsPerDay) throw new ArgumentOutOfRangeException(nameof(RegimeSteps), RegimeSteps, "A regime has 1 to 48 steps.");
        if (!(ValueCorrelation >= 0 && ValueCorrelation < 1)) throw new ArgumentOutOfRangeException(nameof(ValueCorrelation), ValueCorrelation, "A correlation in [0, 1) is needed.");
        if (!(SpikeProbability >= 0 && SpikeProbability <= 1)) throw new ArgumentOutOfRangeException(nameof(SpikeProbability), SpikeProbability, "A probability is needed.");
    }
}
