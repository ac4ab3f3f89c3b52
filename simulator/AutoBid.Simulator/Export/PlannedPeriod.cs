using AutoBid.Simulator.Periods;

namespace AutoBid.Simulator.Export;

/// <summary>A period to play and what its data are for.</summary>
public readonly record struct PlannedPeriod(PeriodSetup Setup, DataSplit Split);
