using AutoBid.Cli.Exchange;

namespace AutoBid.Cli.Demo;

/// <summary>One decision in the report.</summary>
internal sealed record DecisionLine(
    int Tick, int Step, string Policy, string? Model, FallbackAnswer? Fallback, IReadOnlyList<string> Reasons, double? RawMultiplier, double Multiplier);
