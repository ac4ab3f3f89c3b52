namespace AutoBid.Engine.Ports;

/// <summary>One row of the budget table, nanos.</summary>
public readonly record struct BudgetRow(BudgetScope Scope, string Id, int Period, long BudgetNanos, long SettledNanos, long OutstandingNanos);
