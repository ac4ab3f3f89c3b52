namespace AutoBid.Cli.Exchange;

/// <summary>Answer of GET /v1/campaigns/{id}/decisions.</summary>
internal sealed record DecisionsAnswer(IReadOnlyList<DecisionAnswer> Decisions);
