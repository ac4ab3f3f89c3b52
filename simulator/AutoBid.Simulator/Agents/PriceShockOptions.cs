namespace AutoBid.Simulator.Agents;

/// <summary>Prices that all rivals move together, block by block, whatever their policies decide.</summary>
public sealed record PriceShockOptions
{
    /// <summary>Factors on the bids are log-uniform in [lowest, highest].</summary>
    public double Lowest { get; init; } = 0.7;

    public double Highest { get; init; } = 1.4;

    /// <summary>Blocks last shortest to longest steps.</summary>
    public int ShortestBlock { get; init; } = 4;

    public int LongestBlock { get; init; } = 12;
}
