namespace AutoBid.Chaos.Tests.Process;

/// <summary>What GET /v1/campaigns/{id}/trajectory says of the day, account currency.</summary>
internal sealed record DayTotals(int Day, decimal Spent, decimal Adjustments, long Conversions);
