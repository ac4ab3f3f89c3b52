using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation.Statistics;

namespace AutoBid.Simulator.Evaluation.Analysis;

/// <summary>What the market's reaction costs a policy: its share of S* on the full path minus that against frozen rivals.</summary>
public sealed record ReactionGap(string Policy, PacingMode Mode, double BudgetFactor, PairedDifference Gap);
