namespace AutoBid.Simulator.Leases;

/// <summary>Shares of the daily budget, but for the last two.</summary>
/// <param name="HeldMean">In open holds, mean over the day's minutes: the stranded share.</param>
/// <param name="HeldMost">In open holds, the most of any minute.</param>
/// <param name="HeadroomMean">Granted to the node and not held, mean over the day's minutes.</param>
/// <param name="Spent">Settled at the day's end.</param>
/// <param name="Adjusted">Of it listed as adjustments: what holds and headroom did not cover.</param>
/// <param name="Refused">Bids that found no headroom, of all.</param>
/// <param name="RefusedInFirstHalf">The same over the first 12 hours, before holds and spend can have used the budget up.</param>
public readonly record struct StrandedDayResult(
    double HeldMean, double HeldMost, double HeadroomMean, double Spent, double Adjusted, double Refused, double RefusedInFirstHalf);
