using AutoBid.Policies.Priors;

namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>The model that is judged, and whom it is judged against.</summary>
/// <param name="Name">Policy name, such as gave.</param>
/// <param name="Model">The policy, named name/version, with the hash of its card.</param>
/// <param name="Files">SHA-256 by file name, as the card states them.</param>
/// <param name="Simple">One per name of <see cref="GateProtocol.SimplePolicies"/>.</param>
/// <param name="Prior">Of all candidates and of the rivals that know one.</param>
public sealed record GateSubject(
    string Name, int Version, EvaluatedPolicy Model, IReadOnlyDictionary<string, string> Files, IReadOnlyList<EvaluatedPolicy> Simple, PriorFile Prior)
{
    public string CardSha256 => Model.Sha256 ?? "";
}
