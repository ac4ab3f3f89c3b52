using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;

namespace AutoBid.Core.Guarding;

/// <summary>What the guard looks at for one decision.</summary>
public readonly struct GuardInput
{
    /// <summary>What the policy or its fallback asked for; anything, NaN included.</summary>
    public required double Raw { get; init; }

    /// <summary>Multiplier in force until now; 0: none.</summary>
    public double Last { get; init; }

    /// <summary>min(1, median executed multiplier of the last steps), or what stands in for it.</summary>
    public required double Safe { get; init; }

    public required double MinMultiplier { get; init; }

    public required double MaxMultiplier { get; init; }

    public required Objective Objective { get; init; }

    public required PacingMode Mode { get; init; }

    /// <summary>Daily budget and what is spent of it, account currency.</summary>
    public required double Budget { get; init; }

    public required double Spent { get; init; }

    /// <summary>Spend of the running step, account currency, and its elapsed share (0..1).</summary>
    public double StepSpent { get; init; }

    public double StepElapsed { get; init; }

    /// <summary>Steps left in the day, the running one included.</summary>
    public required int StepsLeft { get; init; }

    /// <summary>Expected value won so far, in conversions or revenue, and what was realised of it.</summary>
    public double ExpectedValue { get; init; }

    public double RealisedConversions { get; init; }

    public double RealisedValue { get; init; }

    /// <summary>Of <see cref="ExpectedValue"/>, what was won too lately for its conversions to have arrived; 0: conversions come at once.</summary>
    public double PendingValue { get; init; }

    /// <summary>Expected value of earlier days' wins whose conversions were due today: realised conversions count by arrival.</summary>
    public double CarriedValue { get; init; }

    /// <summary>Forecast of the rest of the day; null where nothing can be projected.</summary>
    public DayForecast? Forecast { get; init; }

    /// <summary>The policy started cold.</summary>
    public bool IsColdStart { get; init; }

    public bool IsPaused { get; init; }

    public bool IsOffSchedule { get; init; }

    /// <summary>No event reached the engine for longer than it should take.</summary>
    public bool InputsAreStale { get; init; }
}
