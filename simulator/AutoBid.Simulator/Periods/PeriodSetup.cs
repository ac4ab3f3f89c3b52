using AutoBid.Core.Guarding;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Periods;

/// <summary>All that determines a played period.</summary>
public sealed record PeriodSetup
{
    public required ulong Seed { get; init; }

    /// <summary>Number of the day: its traffic, levels and draws.</summary>
    public required int Period { get; init; }

    public required LineUp LineUp { get; init; }

    public TrafficOptions Traffic { get; init; } = TrafficOptions.FinalRound;

    public AuctionRules Rules { get; init; } = AuctionRules.AuctionNet;

    /// <summary>The guard behind every policy; null: none.</summary>
    public GuardOptions? Guard { get; init; } = new();

    /// <summary>Null: policies see every conversion with the step it belongs to.</summary>
    public ConversionDelay? Delay { get; init; }
}
