using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Simple;

/// <summary>One multiplier all day: the account's best constant of earlier days, or a given one (1 = truthful).</summary>
/// <param name="multiplier">Null: the account's constant.</param>
public sealed class ConstantPolicy(double? multiplier = null, string name = "constant") : IBidPolicy
{
    public string Name => name;

    public string Model => name;

    public bool IsThreadSafe => true;

    public PolicyCadence Cadence => PolicyCadence.EveryTick;

    public bool DecidesFromPrior => true;

    public void Decide(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            ref readonly PolicyInput input = ref inputs[i];
            double constant = multiplier is { } given ? Math.Clamp(given, input.MinMultiplier, input.MaxMultiplier) : ColdStart.Constant(input);
            decisions[i] = new PolicyDecision { Multiplier = constant, IsDecided = true };
        }
    }
}
