using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Fallback;

/// <summary>A policy under the name campaigns ask for.</summary>
/// <param name="Name">Asked for.</param>
/// <param name="Policy">Null: no model of this name is live.</param>
/// <param name="Breaker">Null for policies without a model file.</param>
internal sealed record PolicyEntry(string Name, IBidPolicy? Policy, ModelBreaker? Breaker)
{
    public string Model => Policy?.Model ?? Name;
}
