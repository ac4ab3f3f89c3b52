namespace AutoBid.Simulator.Market;

/// <summary>What an answer to a bid request is.</summary>
public enum MarketAnswerKind : byte
{
    Bid,
    NoBid,
    Failed,
}
