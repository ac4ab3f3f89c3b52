namespace AutoBid.Engine.Bidding;

/// <summary>Reasons for which a published campaign does not bid now.</summary>
[Flags]
public enum BidSlotFlags
{
    None = 0,
    Paused = 1,
    OffSchedule = 2,
    OutOfBudget = 4,
}
