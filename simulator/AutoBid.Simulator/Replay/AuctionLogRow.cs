namespace AutoBid.Simulator.Replay;

/// <summary>One opportunity of one advertiser as the auction log has it (auction.md, Log schema). Money in account currency.</summary>
public struct AuctionLogRow
{
    public int DeliveryPeriodIndex;

    public int AdvertiserNumber;

    public int AdvertiserCategoryIndex;

    /// <summary>Of the period.</summary>
    public double Budget;

    public double CpaConstraint;

    /// <summary>0 to 47.</summary>
    public int TimeStepIndex;

    /// <summary>Before the step.</summary>
    public double RemainingBudget;

    /// <summary>Running index of the opportunity in the period.</summary>
    public int PvIndex;

    /// <summary>Predicted conversion probability, 0 to 1.</summary>
    public double PValue;

    /// <summary>Standard deviation of the prediction's error.</summary>
    public double PValueSigma;

    /// <summary>0 where none stood.</summary>
    public double Bid;

    /// <summary>1 when a slot was won.</summary>
    public int Xi;

    /// <summary>1 to 3; 0: none.</summary>
    public int AdSlot;

    /// <summary>The slot's price, also when it was not exposed and nothing was paid.</summary>
    public double Cost;

    public int IsExposed;

    public int ConversionAction;

    /// <summary>Lowest bid that wins a slot.</summary>
    public double LeastWinningCost;

    /// <summary>1 when the step is the advertiser's last.</summary>
    public int IsEnd;
}
