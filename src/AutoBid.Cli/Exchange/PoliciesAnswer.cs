using AutoBid.Policies.Fallback;

namespace AutoBid.Cli.Exchange;

/// <summary>Answer of GET /v1/policies.</summary>
internal sealed record PoliciesAnswer(PolicyChoice Default, IReadOnlyList<PolicyChoice> Policies)
{
    /// <summary>Null: no such policy.</summary>
    public PolicyChoice? Find(string? name) => name is null ? Default : Policies.FirstOrDefault(policy => policy.Name == name);
}
