using AutoBid.Policies.Contracts;

namespace AutoBid.Simulator.Evaluation;

/// <summary>A policy under test.</summary>
/// <param name="Name">Name in tables; unique in a plan.</param>
/// <param name="Sha256">Hash of the model's card, which names the hash of every file; null for policies without a model.</param>
public sealed record EvaluatedPolicy(string Name, IBidPolicy Policy, string? Sha256 = null)
{
    /// <summary>Whether it has no trained model: the baseline is chosen among these.</summary>
    public bool IsSimple => Policy.Model == Policy.Name;
}
