using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Model;

/// <summary>Refunds of days gone by, for which the store is asked what was settled.</summary>
public sealed class RefundTests
{
    [Fact]
    public async Task A_refund_takes_from_a_bill_that_was_applied_with_it_and_no_more()
    {
        await using var driver = new DayDriver(1);
        await driver.StartAsync();
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(30), default);
        EngineEvent[] events =
        [
            Bench.Foreign("late", 500, bidHours: 10) with { CampaignId = "mpc", TimeTicks = Bench.At(30) },
            Bench.Refund("all", 400, bidHours: 10) with { CampaignId = "mpc", TimeTicks = Bench.At(30.1) },
            Bench.Refund("too-much", 101, bidHours: 10) with { CampaignId = "mpc", TimeTicks = Bench.At(30.2) },
            Bench.Refund("rest", 100, bidHours: 10) with { CampaignId = "mpc", TimeTicks = Bench.At(30.3) },
        ];
        // One tick, one commit.
        await driver.Log.AppendAsync(events.Select(e => e.Identified()).ToArray(), default);
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(31), default);
        BudgetRow day = (await driver.Store.BudgetsAsync("t1", "mpc", default)).Single(row => row.Period == Bench.Day);
        Assert.Equal(0, day.SettledNanos);
        RejectedEvent refused = Assert.Single(driver.Log.Rejected);
        Assert.Equal(("too-much", "refund-above-spend"), (refused.Event.Id, refused.Reason));
    }
}
