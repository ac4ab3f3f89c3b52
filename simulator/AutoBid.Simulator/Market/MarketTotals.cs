namespace AutoBid.Simulator.Market;

/// <summary>What the exchange itself counted for one campaign; the bidder's ledger must agree.</summary>
public sealed class MarketTotals
{
    public long Bids { get; set; }

    public long Wins { get; set; }

    /// <summary>Nanos of account currency.</summary>
    public long CostNanos { get; set; }

    /// <summary>Conversions told.</summary>
    public long Conversions { get; set; }

    /// <summary>1e-6 of account currency.</summary>
    public long ConversionValueMicros { get; set; }
}
