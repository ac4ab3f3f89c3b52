namespace AutoBid.Cli.Exchange;

/// <summary>What the exchange itself counted for one campaign; the service's ledger must agree.</summary>
internal sealed class CampaignTotals
{
    public long Bids { get; set; }

    public long Wins { get; set; }

    /// <summary>Nanos of account currency.</summary>
    public long CostNanos { get; set; }

    /// <summary>Conversions posted.</summary>
    public long Conversions { get; set; }

    /// <summary>1e-6 of account currency.</summary>
    public long ConversionValueMicros { get; set; }
}
