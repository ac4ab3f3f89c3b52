namespace AutoBid.Engine.Ports;

/// <summary>The budgets of one campaign for one local day; null where the campaign has no such scope.</summary>
public readonly record struct BudgetSetting(
    string TenantId, string CampaignId, int Day, long DayNanos, long? FlightNanos, string? Account, long? AccountNanos);
