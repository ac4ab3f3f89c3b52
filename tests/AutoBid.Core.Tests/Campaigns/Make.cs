using AutoBid.Core.Campaigns;
using AutoBid.Core.Money;

namespace AutoBid.Core.Tests.Campaigns;

internal static class Make
{
    public static Campaign Valid() => new()
    {
        Id = "c1",
        TenantId = "t1",
        Objective = Objective.TargetCpa,
        DailyBudgetNanos = 100 * Nanos.PerUnit,
        Target = 20,
    };
}
