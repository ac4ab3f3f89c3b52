using AutoBid.Policies.Contracts;

namespace AutoBid.Simulator.Tests.Periods;

/// <summary>Answers by a function of the input.</summary>
internal sealed class TestPolicy(Func<PolicyInput, double?> decide) : IBidPolicy
{
    public List<int> BatchSizes { get; } = [];

    public string Name => "test";

    public string Model => "test";

    public PolicyCadence Cadence => PolicyCadence.EveryTick;

    public bool DecidesFromPrior => true;

    public void Decide(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope)
    {
        BatchSizes.Add(inputs.Length);
        for (int i = 0; i < inputs.Length; i++)
        {
            double? multiplier = decide(inputs[i]);
            decisions[i] = new PolicyDecision { Multiplier = multiplier ?? 0, IsDecided = multiplier is not null };
        }
    }
}
