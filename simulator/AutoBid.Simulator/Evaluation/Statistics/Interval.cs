namespace AutoBid.Simulator.Evaluation.Statistics;

/// <summary>An interval of 95 % confidence.</summary>
public readonly record struct Interval(double Low, double High);
