using AutoBid.Core.Campaigns;

namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>The simple policy that a model has to beat at one mode and budget factor.</summary>
public sealed record GateReference(PacingMode Mode, double BudgetFactor, string Policy);
