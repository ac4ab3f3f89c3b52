using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Fallback;

/// <summary>One campaign at one control tick, with what its fallbacks need.</summary>
public readonly struct ChainItem
{
    /// <summary><see cref="PolicyInput.LastMultiplier"/> is what the first fallback repeats.</summary>
    public required PolicyInput Input { get; init; }

    /// <summary>Name of the campaign's policy; null: the service's default.</summary>
    public string? Policy { get; init; }

    /// <summary>Control ticks since the last multiplier that the policy itself decided; fallbacks do not make it younger.</summary>
    public int LastAgeTicks { get; init; }

    /// <summary>min(1, median executed multiplier of the last 8 steps); before any: min(1, account's best constant).</summary>
    public required double SafeMultiplier { get; init; }

    /// <summary>
    /// Raw multiplier that a policy of cadence StepStart decided in the running step; 0: none yet (a new step, an early re-plan, or a decision
    /// that missed its deadline): it is asked now.
    /// </summary>
    public double StepStartMultiplier { get; init; }

    /// <summary>MPC's multiplier at that moment (<see cref="ChainDecision.Mpc"/> of that decision); 0: unknown.</summary>
    public double MpcAtStepStart { get; init; }
}
