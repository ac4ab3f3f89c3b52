namespace AutoBid.Engine.Ports;

/// <summary>The budgets of one campaign for one local day; null where the campaign has no such scope.</summary>
/// <param name="Partition">The campaign's partition of every keyed topic.</param>
public readonly record struct BudgetSetting(
    string TenantId, string CampaignId, int Partition, int Day, long DayNanos, long? FlightNanos, string? Account, long? AccountNanos)
{
    /// <summary>What every store refuses before it begins.</summary>
    /// <exception cref="ArgumentException">The epoch of a setting's partition is missing.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A budget is negative.</exception>
    public static void Check(IReadOnlyList<BudgetSetting> settings, IReadOnlyList<PartitionEpoch> epochs)
    {
        var held = epochs.Select(epoch => epoch.Partition).ToHashSet();
        foreach (BudgetSetting setting in settings)
        {
            if (setting.DayNanos < 0 || setting.FlightNanos < 0 || setting.AccountNanos < 0)
                throw new ArgumentOutOfRangeException(nameof(settings), setting, "A budget is negative.");
            if (!held.Contains(setting.Partition))
                throw new ArgumentException($"The budgets of campaign {setting.CampaignId} belong to partition {setting.Partition}, whose epoch is not named.", nameof(epochs));
        }
    }
}
