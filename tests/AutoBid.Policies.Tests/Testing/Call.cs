using AutoBid.Policies.Contracts;
using AutoBid.Policies.Fallback;

namespace AutoBid.Policies.Tests.Testing;

/// <summary>Calls with one item.</summary>
internal static class Call
{
    public static PolicyDecision One(IBidPolicy policy, PolicyInput input, DecisionScope? scope = null)
    {
        PolicyDecision[] decisions = [new PolicyDecision { Multiplier = -7 }];
        policy.Decide([input], decisions, scope ?? DecisionScope.Unbounded(new ManualClock()));
        return decisions[0];
    }

    public static ChainDecision One(DecisionChain chain, ChainItem item, DecisionScope? scope = null)
    {
        var decisions = new ChainDecision[1];
        chain.Decide([item], decisions, scope ?? DecisionScope.Unbounded(new ManualClock()));
        return decisions[0];
    }
}
