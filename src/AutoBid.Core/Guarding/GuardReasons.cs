namespace AutoBid.Core.Guarding;

/// <summary>Why a decision or a bid is not what the policy asked for. A closed list (design.md section 4); bits are in list order.</summary>
[Flags]
public enum GuardReasons
{
    None = 0,
    Budget = 1 << 0,
    Lease = 1 << 1,
    RangeMin = 1 << 2,
    RangeMax = 1 << 3,
    Step = 1 << 4,
    CpaProjection = 1 << 5,
    RoasProjection = 1 << 6,
    SpendRate = 1 << 7,
    Floor = 1 << 8,
    DealFloor = 1 << 9,
    Cap = 1 << 10,
    StaleMultiplier = 1 << 11,
    StaleInputs = 1 << 12,
    Nan = 1 << 13,
    ColdStart = 1 << 14,
    Paused = 1 << 15,
    Schedule = 1 << 16,
    Tenant = 1 << 17,
    Currency = 1 << 18,
    Tmax = 1 << 19,
}
