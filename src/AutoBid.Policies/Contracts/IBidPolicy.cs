namespace AutoBid.Policies.Contracts;

/// <summary>
/// Plans the rest of a campaign's day and says which multiplier to bid now. Synchronous inside, batched, no allocation per item, and pure:
/// equal inputs and seed give equal decisions. The guard runs after it and does not trust it.
/// </summary>
public interface IBidPolicy
{
    /// <summary>Name under which campaigns ask for it: constant, pid, mpc, gave, cbd.</summary>
    string Name { get; }

    /// <summary>Name and version behind a decision, such as <c>gave/1</c>; equal to <see cref="Name"/> for policies without a model file.</summary>
    string Model { get; }

    PolicyCadence Cadence { get; }

    /// <summary>True when it can decide from step 0 with a population prior; without one a campaign starts cold (design.md section 2).</summary>
    bool DecidesFromPrior { get; }

    /// <summary>True when <see cref="Decide"/> may run on several threads at once, each with its own inputs.</summary>
    bool IsThreadSafe => false;

    /// <summary>
    /// Fills <paramref name="decisions"/>, one per input. An item that cannot be decided inside the deadline keeps
    /// <see cref="PolicyDecision.IsDecided"/> false; the fallback chain takes it.
    /// </summary>
    void Decide(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope);
}
