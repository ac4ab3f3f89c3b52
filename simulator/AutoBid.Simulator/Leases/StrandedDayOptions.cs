using AutoBid.Core.Campaigns;

namespace AutoBid.Simulator.Leases;

/// <summary>A campaign's day whose holds are never ended by a loss notice.</summary>
public sealed record StrandedDayOptions
{
    public required Reservation Reservation { get; init; }

    /// <summary>How long a hold lasts that no bill ends.</summary>
    public required TimeSpan Hold { get; init; }

    /// <summary>Share of the bids that win; their bills come with the next second.</summary>
    public double WinRate { get; init; } = 0.05;

    /// <summary>What the daily budget pays for each hour, in bids at the mean price.</summary>
    public int BidsPaidPerHour { get; init; } = 1000;

    /// <summary>Mean price of a bid, nanos; prices spread evenly over half to one and a half of it.</summary>
    public long MeanBidNanos { get; init; } = 2_000_000;

    public ulong Seed { get; init; } = 1;

    public long BudgetNanos => 24L * BidsPaidPerHour * MeanBidNanos;

    /// <summary>The rate at which a day of bids that all find headroom spends the budget.</summary>
    public double BidsPerSecond => BidsPaidPerHour / WinRate / 3600;
}
