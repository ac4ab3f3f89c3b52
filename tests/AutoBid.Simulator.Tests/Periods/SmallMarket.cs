using AutoBid.Core.Campaigns;
using AutoBid.Policies.Contracts;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Periods;

/// <summary>The auctionnet day at a twentieth of its size, budgets in proportion.</summary>
internal static class SmallMarket
{
    public const double Scale = 0.05;

    public static readonly TrafficOptions Traffic = TrafficOptions.FinalRound with { OpportunitiesPerPeriod = 25_000 };

    public static Seat[] Seats(double factor = 1) => AuctionNetSeats.Scaled(Scale * factor);

    public static LineUp Uniform(IBidPolicy policy, double budgetFactor = 1, PacingMode mode = PacingMode.SpendFirst)
        => new LineUpFactory(1, null).Uniform(0, policy.Name, policy, Seats(budgetFactor), mode);

    public static PeriodSetup Setup(LineUp lineUp, int period = 0, ulong seed = 1)
        => new() { Seed = seed, Period = period, LineUp = lineUp, Traffic = Traffic };
}
