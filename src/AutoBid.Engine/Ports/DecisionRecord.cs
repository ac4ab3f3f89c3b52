using AutoBid.Engine.Bidding;
using AutoBid.Policies.Contracts;

namespace AutoBid.Engine.Ports;

/// <summary>One published decision: a row of autobid.decisions, and with its slot fields the value of autobid.multipliers.</summary>
public sealed record DecisionRecord
{
    public required string TenantId { get; init; }

    public required string CampaignId { get; init; }

    /// <summary>yyyymmdd of the campaign's local day.</summary>
    public required int Day { get; init; }

    public required int Step { get; init; }

    /// <summary>Control tick since the start of the local day.</summary>
    public required int Tick { get; init; }

    public required long TimeTicks { get; init; }

    public required string Policy { get; init; }

    public required string Model { get; init; }

    /// <summary>last, pid, safe; null when the policy itself decided.</summary>
    public string? FallbackStep { get; init; }

    /// <summary>deadline, queue-full, breaker, no-model, gpu-lost.</summary>
    public string? FallbackReason { get; init; }

    /// <summary>Guard reasons in list order.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    public required double RawMultiplier { get; init; }

    /// <summary>Rounded half-even to 1e-6.</summary>
    public required double Multiplier { get; init; }

    public required double SafeMultiplier { get; init; }

    /// <summary>Account currency per unit of value at multiplier 1.</summary>
    public required double Reference { get; init; }

    public required long BidFloorNanos { get; init; }

    public required long BidCapNanos { get; init; }

    public required long SpentNanos { get; init; }

    public required long BudgetNanos { get; init; }

    public required double Conversions { get; init; }

    public required double ConversionValue { get; init; }

    /// <summary>When bid nodes must stop using the multiplier, UTC ticks.</summary>
    public required long ExpiresTicks { get; init; }

    public required long Version { get; init; }

    /// <summary>Why nothing is bid with the multiplier now; none when it is bid with.</summary>
    public BidSlotFlags Blocked { get; init; }

    public required double LatencyMs { get; init; }

    /// <summary>The full trajectory row of the step that just closed, for the next training set; empty inside a step.</summary>
    public IReadOnlyList<float> Row { get; init; } = [];

    /// <summary>The plan of the rest of the day, where the policy decided anew and makes one; null else.</summary>
    public DayPlan? Plan { get; init; }
}
