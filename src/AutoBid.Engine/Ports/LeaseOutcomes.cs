namespace AutoBid.Engine.Ports;

/// <summary>
/// Bills and losses of one lease that the ledger's owner has committed, for the node whose holds they end (autobid.outcomes, key = node).
/// One that is lost costs nothing but time: its hold runs out, and the next grant tells the node what was settled.
/// </summary>
public sealed record LeaseOutcomes(string Node, long LeaseId, long TimeTicks, IReadOnlyList<BidOutcome> Outcomes);
