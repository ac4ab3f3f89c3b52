using AutoBid.Policies.Contracts;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Periods;

/// <summary>The step being played, as observers see it. Its buffers are reused for the next one.</summary>
public sealed class PeriodStep
{
    internal PeriodStep(int seats, SlotAuction auction)
    {
        Auction = auction;
        Inputs = new PolicyInput[seats];
        PolicyMultipliers = new double[seats];
        Multipliers = new double[seats];
        Left = new double[seats];
        Responses = [.. Enumerable.Range(0, seats).Select(_ => new StepCurve(Core.Response.ResponseGrid.Points))];
    }

    public int Step { get; internal set; }

    public TrafficStep Traffic { get; } = new();

    /// <summary>The bids; after the auction those that stood, drops removed.</summary>
    public BidMatrix Bids { get; } = new();

    public SlotAuction Auction { get; }

    /// <summary>What each seat's policy was told.</summary>
    public PolicyInput[] Inputs { get; }

    /// <summary>The policies' own answers; NaN where there was none.</summary>
    public double[] PolicyMultipliers { get; }

    /// <summary>Executed multipliers.</summary>
    public double[] Multipliers { get; }

    /// <summary>Budget left before the step, account currency.</summary>
    public double[] Left { get; }

    /// <summary>Response curves of the step at the 24 grid multipliers, by seat; valid once played.</summary>
    public StepCurve[] Responses { get; }
}
