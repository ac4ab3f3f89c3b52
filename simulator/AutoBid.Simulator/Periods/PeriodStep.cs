using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Threads;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Periods;

/// <summary>The step being played, as observers see it. Its buffers are reused for the next one.</summary>
public sealed class PeriodStep
{
    private readonly AgentDays _days;

    internal PeriodStep(AgentDays days, SlotAuction auction, ConversionModel conversions, Crew crew)
    {
        (_days, Auction, Conversions, Crew) = (days, auction, conversions, crew);
        MeanValues = new double[days.Count];
        SumMinimumToWin = new double[days.Count];
        Responses = [.. Enumerable.Range(0, days.Count).Select(_ => new StepCurve(ResponseGrid.Points))];
    }

    public int Step { get; internal set; }

    public TrafficStep Traffic { get; } = new();

    /// <summary>The bids; after the auction those that stood, drops removed.</summary>
    public BidMatrix Bids { get; } = new();

    public SlotAuction Auction { get; }

    /// <summary>Nature's answers for any impression of the step.</summary>
    public ConversionModel Conversions { get; }

    /// <summary>The threads that play the period, for observers with work to share.</summary>
    public Crew Crew { get; }

    /// <summary>Mean predicted value of the step's opportunities, by seat.</summary>
    public double[] MeanValues { get; }

    /// <summary>What each seat's policy was told.</summary>
    public PolicyInput[] Inputs => _days.Inputs;

    /// <summary>The policies' own answers; NaN where there was none.</summary>
    public double[] PolicyMultipliers => _days.PolicyMultipliers;

    /// <summary>Executed multipliers.</summary>
    public double[] Multipliers => _days.Multipliers;

    /// <summary>Budget left before the step, account currency.</summary>
    public double[] Left => _days.Left;

    /// <summary>Response curves of the step at the 24 grid multipliers, by seat; valid once played.</summary>
    public StepCurve[] Responses { get; }

    /// <summary>Sum of the minimum to win over the step's opportunities, account currency, by seat; valid once played.</summary>
    public double[] SumMinimumToWin { get; }
}
