namespace AutoBid.Simulator.Market;

/// <summary>A campaign that may bid for an opportunity, with its prediction and what nature holds ready for it.</summary>
public struct MarketCandidate
{
    /// <summary>Index into <see cref="MarketOptions.Campaigns"/>.</summary>
    public int Campaign;

    /// <summary>
    /// Predicted value x 1e9, a whole number so that it is the same in JSON and in process: P(conversion), or expected revenue in account currency
    /// for TargetRoas.
    /// </summary>
    public long ValueE9;

    /// <summary>Uniform draw: the impression converts when it lies below <see cref="TrueProbability"/>.</summary>
    public double ConversionDraw;

    /// <summary>P(conversion) in nature; not for bidders.</summary>
    public double TrueProbability;

    /// <summary>Time from impression to conversion, 100 ns ticks.</summary>
    public long ConversionDelayTicks;

    /// <summary>Value of the conversion if it happens, 1e-6 of account currency; 0 unless TargetRoas.</summary>
    public long RevenueMicros;

    /// <summary>Predicted value.</summary>
    public readonly double Value => ValueE9 / 1e9;

    public readonly bool WouldConvert => ConversionDraw < TrueProbability;
}
