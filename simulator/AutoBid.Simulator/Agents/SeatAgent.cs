using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Agents;

/// <summary>How one seat of the auctionnet day is played: the policy, and what it is told.</summary>
public sealed record SeatAgent
{
    public required Seat Seat { get; init; }

    /// <summary>Seats that share an instance are decided in one batch.</summary>
    public required IBidPolicy Policy { get; init; }

    public PacingMode Mode { get; init; } = PacingMode.SpendFirst;

    /// <summary>Best constant multiplier of earlier days, as far as the policy uses one.</summary>
    public double AccountConstant { get; init; } = 1;

    public PopulationPrior? Prior { get; init; }

    /// <summary>Whether the policy is told volume and mean value of the coming step, as the benchmark's agents are.</summary>
    public bool KnowsStep { get; init; } = true;

    /// <summary>Whether the policy gets the response curves of closed steps.</summary>
    public bool KnowsCurves { get; init; } = true;

    public double MinMultiplier { get; init; } = 0.05;

    public double MaxMultiplier { get; init; } = 4;

    /// <summary>Null: as the policy decides.</summary>
    public PerturbationOptions? Perturbation { get; init; }

    /// <summary>Null: none. All seats of a period that have the same options share the same shocks.</summary>
    public PriceShockOptions? Shock { get; init; }

    /// <summary>True for policies that move on from the multiplier executed last (feedback): the factor of a block or shock must then act once, not every step.</summary>
    public bool FollowsExecuted { get; init; }
}
