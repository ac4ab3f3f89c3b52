namespace AutoBid.Simulator.Periods;

/// <summary>Part of the conversions is reported to policies and guard some steps late; scores count them all.</summary>
/// <param name="Share">Of the conversions, 0 to 1.</param>
/// <param name="Steps">How late, 1 to 47.</param>
public sealed record ConversionDelay(double Share, int Steps);
