namespace AutoBid.Simulator.Replay;

/// <summary>Columns of the benchmark's auction log in the order in which it is written (auction.md, Log schema).</summary>
public enum AuctionLogColumn
{
    DeliveryPeriodIndex,
    AdvertiserNumber,
    AdvertiserCategoryIndex,
    Budget,
    CPAConstraint,
    TimeStepIndex,
    RemainingBudget,
    PvIndex,
    PValue,
    PValueSigma,
    Bid,
    Xi,
    AdSlot,
    Cost,
    IsExposed,
    ConversionAction,
    LeastWinningCost,
    IsEnd,
}
