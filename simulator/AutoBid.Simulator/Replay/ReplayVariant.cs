using AutoBid.Simulator.Agents;

namespace AutoBid.Simulator.Replay;

/// <summary>One policy at one budget factor on one key: its money and its books.</summary>
internal sealed class ReplayVariant(SeatAgent agent, int policy, int factor)
{
    public SeatAgent Agent => agent;

    public int Policy => policy;

    public int Factor => factor;

    /// <summary>Its trajectory in the store; -1 where it never bids.</summary>
    public int Block { get; set; } = -1;

    public double Left { get; set; } = agent.Seat.Budget;

    /// <summary>Executed in the step being played, before it in the one before; 0: none yet.</summary>
    public double Multiplier { get; set; }

    public int Wins { get; set; }

    public double Cost { get; set; }

    public double Value { get; set; }

    public int Conversions { get; set; }
}
