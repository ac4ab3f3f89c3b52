namespace AutoBid.Simulator.Replay;

/// <summary>The log's column names.</summary>
public static class AuctionLogSchema
{
    private static readonly string[] Ordered =
    [
        "deliveryPeriodIndex", "advertiserNumber", "advertiserCategoryIndex", "budget", "CPAConstraint", "timeStepIndex", "remainingBudget", "pvIndex", "pValue",
        "pValueSigma", "bid", "xi", "adSlot", "cost", "isExposed", "conversionAction", "leastWinningCost", "isEnd",
    ];

    /// <summary>Names in the order of <see cref="AuctionLogColumn"/>, which is the order in which they are written.</summary>
    public static IReadOnlyList<string> Names => Ordered;

    public static string NameOf(AuctionLogColumn column) => Ordered[(int)column];
}
