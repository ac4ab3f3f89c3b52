namespace AutoBid.Core.Campaigns;

/// <summary>How much of its price an open bid takes out of headroom.</summary>
public enum Reservation : byte
{
    /// <summary>The whole price: overspend only by adjustments after the fact.</summary>
    Strict,

    /// <summary>Price x the 99 % upper bound of the win rate: for long holds, which would strand a budget.</summary>
    Expected,
}
