namespace AutoBid.Engine.Ports;

/// <summary>The end of one bid: its bill, or a loss (price 0).</summary>
public readonly record struct BidOutcome(long Seq, bool IsBill, long PriceNanos);
