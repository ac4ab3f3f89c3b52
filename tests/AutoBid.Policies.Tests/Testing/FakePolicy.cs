using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Tests.Testing;

/// <summary>A model's policy whose answers and faults a test chooses.</summary>
internal sealed class FakePolicy(string name = "gave", PolicyCadence cadence = PolicyCadence.EveryTick) : IBidPolicy
{
    public string Name => name;

    public string Model => name + "/1";

    public PolicyCadence Cadence => cadence;

    public bool DecidesFromPrior => true;

    public double Answer { get; set; } = 1.3;

    /// <summary>Items it decides before it stops.</summary>
    public int Decides { get; set; } = int.MaxValue;

    public Action? OnDecide { get; set; }

    public int Calls { get; private set; }

    public void Decide(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope)
    {
        Calls++;
        for (int i = 0; i < Math.Min(inputs.Length, Decides); i++) decisions[i] = new PolicyDecision { Multiplier = Answer, IsDecided = true };
        OnDecide?.Invoke();
    }
}
