namespace AutoBid.Simulator.Market;

/// <summary>What became of one bid.</summary>
/// <param name="PriceNanos">Price paid, nanos per impression; 0 when lost.</param>
/// <param name="MinimumToWinNanos">What the exchange reports as the minimum to win.</param>
/// <param name="Converted">Only ever true for a won impression.</param>
/// <param name="ConversionTimeTicks">100 ns ticks since the start of the day (it may lie past its end); 0 without conversion.</param>
/// <param name="RevenueMicros">Value of the conversion, 1e-6 of account currency; 0 without one.</param>
public readonly record struct MarketOutcome(
    bool Won,
    long PriceNanos,
    long MinimumToWinNanos,
    bool Converted,
    long ConversionTimeTicks,
    long RevenueMicros);
