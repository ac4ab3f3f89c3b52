using AutoBid.Simulator.Agents;

namespace AutoBid.Simulator.Frozen;

/// <summary>A candidate: one seat of a played line-up taken over by an agent, with its own budget, target, mode and policy.</summary>
/// <param name="Seat">Number of the seat whose values the candidate sees and whose bids it takes the place of.</param>
public sealed record FrozenEntry(int Seat, SeatAgent Agent);
