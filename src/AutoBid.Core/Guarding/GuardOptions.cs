namespace AutoBid.Core.Guarding;

/// <summary>Settings of the guard, one record for the whole feature.</summary>
public sealed record GuardOptions
{
    /// <summary>Largest factor by which the multiplier may change from one control tick to the next.</summary>
    public double LargestFactorPerTick { get; init; } = 2;

    /// <summary>The breaker trips when a step's spend runs above this share of the daily budget (an even pace is 0.021) ...</summary>
    public double SpendRateShareOfDay { get; init; } = 0.15;

    /// <summary>... and above this multiple of what an even pace over the rest of the day would spend.</summary>
    public double SpendRateOverEven { get; init; } = 6;

    /// <summary>One-sided confidence of the Poisson bound on conversions.</summary>
    public double ConversionConfidence { get; init; } = 0.99;

    /// <summary>Projected cost per value above the target by less than this share is noise, not a violation.</summary>
    public double ProjectionTolerance { get; init; } = 0.02;
}
