namespace AutoBid.Simulator.Traffic;

/// <summary>Size and value scale of the <c>auctionnet</c> traffic; the rest of its law is fixed by auction.md.</summary>
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

    /// <summary>Throws when a number cannot describe traffic.</summary>
    public void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(OpportunitiesPerPeriod, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Advertisers, 1);
        if (!(MeanValue > 0 && MeanValue <= 1)) throw new ArgumentOutOfRangeException(nameof(MeanValue), MeanValue, "A mean probability in (0, 1] is needed.");
    }
}
