using AutoBid.Policies.Models;

namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>A verdict and what kept it from being a default, a phrase each; none for a default.</summary>
public sealed record GateDecision(Verdict Verdict, IReadOnlyList<string> Shortfalls);
