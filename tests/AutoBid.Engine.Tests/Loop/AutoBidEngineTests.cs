using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Time;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Loop;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Loop;

public sealed class AutoBidEngineTests
{
    private static async Task<(string Decisions, string State, string Ledger, DayDriver Driver)> RunAsync(int seed, int ticks, Action<List<EngineEvent>>? tamper = null)
    {
        var driver = new DayDriver(seed) { Tamper = tamper };
        await driver.StartAsync();
        await driver.Engine.AdvanceToAsync(Bench.Midnight, default);
        AdvanceResult last = default;
        for (int t = 0; t < ticks; t++) last = await driver.RoundAsync();
        return (last.DecisionsHash, await driver.Engine.StateHashAsync(default), driver.Store.Settled(), driver);
    }

    [Fact]
    public async Task A_day_twice_gives_the_same_hashes()
    {
        var first = await RunAsync(1, 50);
        var second = await RunAsync(1, 50);
        Assert.Equal((first.Decisions, first.State, first.Ledger), (second.Decisions, second.State, second.Ledger));
        var other = await RunAsync(2, 50);
        Assert.NotEqual(first.Decisions, other.Decisions);
        Assert.NotEqual(first.State, other.State);
    }

    [Fact]
    public async Task A_day_does_what_it_should()
    {
        DayDriver driver = (await RunAsync(3, 50)).Driver;
        // Enough happened to mean anything: money, conversions, losses of holds, corrections of several kinds.
        CampaignStatusView mpc = (await driver.Engine.LookAsync("t1", "mpc", default))!;
        Assert.Equal(20250603, mpc.Day);
        Assert.Equal(2, mpc.Rows.Count(row => row.Elapsed >= 1));
        Assert.True(mpc.SpentNanos > 0);
        Assert.Null(await driver.Engine.LookAsync("t2", "mpc", default));
        Assert.Superset(new HashSet<string> { "late-win", "price-above-hold" }, driver.Store.Adjustments.Select(a => a.Cause).ToHashSet());
        Assert.Empty(driver.Log.Rejected);
        BudgetRow day = (await driver.Store.BudgetsAsync("t1", "mpc", default)).First(row => row.Period == Bench.Day);
        Assert.InRange(day.SettledNanos, 1_000_000_000, 101_000_000_000);
        Assert.Contains(driver.Log.Published, record => record.CampaignId == "mpc" && record.FallbackStep is null && record.Multiplier is not (1 or 0.05 or 4));
        // 50 ticks and the one at the start, six campaigns each.
        Assert.Equal(51 * 6, driver.Log.Published.Count);
        Assert.Equal(47 + 1 + 2, driver.Log.Published.Count(record => record.CampaignId == "mpc" && record.Row.Count == 16));
        // Two parts a campaign, the closed steps of the running day alone.
        Assert.Equal(12, driver.Store.StateKeys.Count);
    }

    [Fact]
    public async Task No_budget_is_overspent_by_more_than_its_adjustments()
    {
        DayDriver driver = (await RunAsync(4, 60)).Driver;
        foreach (Campaign campaign in DayDriver.Campaigns)
        {
            foreach (BudgetRow row in await driver.Store.BudgetsAsync("t1", campaign.Id, default))
            {
                long adjusted = driver.Store.Adjustments.Where(a => a.CampaignId == campaign.Id && a.Day == row.Period).Sum(a => a.AmountNanos);
                Assert.True(row.SettledNanos - adjusted + row.OutstandingNanos <= campaign.DailyBudgetNanos, $"{campaign.Id} {row}");
            }
        }

        BudgetRow poor = (await driver.Store.BudgetsAsync("t1", "poor", default))[0];
        Assert.True(poor.SettledNanos > 1_900_000_000, $"the small budget was spent: {poor}");
    }

    [Fact]
    public async Task Everything_billed_is_settled_once()
    {
        DayDriver driver = (await RunAsync(5, 52, Repeat)).Driver;
        await driver.Engine.AdvanceToAsync(driver.Time.GetUtcNow() + TimeSpan.FromHours(3), default);
        long billed = driver.Log.All().Where(e => e.Kind == EventKind.Bill).DistinctBy(e => e.Identity).Sum(e => e.AmountNanos);
        long settled = 0;
        foreach (Campaign campaign in DayDriver.Campaigns)
            settled += (await driver.Store.BudgetsAsync("t1", campaign.Id, default)).Sum(row => row.SettledNanos);
        Assert.Equal(billed, settled);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Duplicates_and_another_order_change_nothing(int seed)
    {
        var plain = await RunAsync(seed, 50);
        var random = new Random(seed);
        var tampered = await RunAsync(seed, 50, events =>
        {
            Repeat(events);
            EngineEvent[] shuffled = [.. events];
            random.Shuffle(shuffled);
            events.Clear();
            events.AddRange(shuffled);
        });
        Assert.Equal(plain.Decisions, tampered.Decisions);
        Assert.Equal(plain.Ledger, tampered.Ledger);
        // The offsets differ, as they must: the log is longer. All else is the same.
        Assert.Equal(WithoutOffsets(plain.Driver), WithoutOffsets(tampered.Driver));
    }

    private static void Repeat(List<EngineEvent> events) => events.AddRange(events.Where((_, i) => i % 3 == 0).ToList());

    private static string WithoutOffsets(DayDriver driver) => StateHash.Of(driver.Engine.Book, driver.Engine.Seen, []);

    [Fact]
    public async Task One_long_advance_equals_many_short_ones()
    {
        var all = new List<EngineEvent>();
        for (int i = 0; i < 200; i++)
            all.Add((Bench.Foreign($"f{i}", 1_000_000 + i, bidHours: i * 0.05) with { CampaignId = DayDriver.Campaigns[i % 5].Id }).Identified());
        all.Add(Bench.Conversion("k", clickHours: 3.3, hours: 7.7).Identified() with { CampaignId = "mpc" });

        // The whole morning is in the log before time moves at all ...
        await using var replay = new DayDriver(9);
        await replay.StartAsync();
        await replay.Engine.AdvanceToAsync(Bench.Midnight, default);
        await replay.Log.AppendAsync(all.ToArray(), default);
        await replay.Engine.AdvanceToAsync(Bench.Midnight.AddHours(12), default);
        string once = await replay.Engine.StateHashAsync(default);

        // ... or comes as it happens.
        await using var stepwise = new DayDriver(9);
        await stepwise.StartAsync();
        await stepwise.Engine.AdvanceToAsync(Bench.Midnight, default);
        for (int t = 1; t <= 24; t++)
        {
            long end = (Bench.Midnight + t * DayDriver.Tick).UtcTicks, start = end - DayDriver.Tick.Ticks;
            await stepwise.Log.AppendAsync(all.Where(e => e.TimeTicks >= start && e.TimeTicks < end).ToArray(), default);
            await stepwise.Engine.AdvanceToAsync(new DateTimeOffset(end, TimeSpan.Zero), default);
        }

        Assert.Equal(once, await stepwise.Engine.StateHashAsync(default));
    }

    [Fact]
    public async Task Events_of_the_future_wait_for_their_tick_but_not_for_the_next_call()
    {
        await using var driver = new DayDriver(1);
        await driver.StartAsync();
        await driver.Engine.AdvanceToAsync(Bench.Midnight, default);
        await driver.Log.AppendAsync(new[] { Bench.Foreign("now", 10, 0.1) with { CampaignId = "mpc" }, Bench.Foreign("later", 20, 5) with { CampaignId = "mpc" } }.Select(e => e.Identified()).ToArray(), default);
        AdvanceResult result = await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1), default);
        Assert.Equal(2, result.Applied);
        CampaignStatusView view = (await driver.Engine.LookAsync("t1", "mpc", default))!;
        Assert.Equal(30, view.SpentNanos);
        Assert.Equal(10e-9f, view.Rows[0].Cost);
    }

    [Fact]
    public async Task Steps_closed_are_counted()
    {
        await using var driver = new DayDriver(1);
        await driver.StartAsync([Bench.Campaign()]);
        Assert.Equal(0, (await driver.Engine.AdvanceToAsync(Bench.Midnight, default)).StepsClosed);
        Assert.Equal(4, (await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(2), default)).StepsClosed);
        Assert.Equal(44, (await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(24), default)).StepsClosed);
    }

    [Fact]
    public async Task The_clock_cannot_go_back_and_must_be_virtual()
    {
        await using var driver = new DayDriver(1);
        await driver.StartAsync();
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1), default);
        await Assert.ThrowsAsync<InvalidOperationException>(() => driver.Engine.AdvanceToAsync(Bench.Midnight, default));
        var wall = new ManualTimeProvider(Bench.Midnight);
        using var metrics = new Policies.Fallback.PolicyMetrics();
        await using var live = new AutoBidEngine(
            new EngineOptions(), new EngineClocks(wall, wall, false), new InMemoryEventLog(), new InMemoryLedgerStore(), Bench.Chain(metrics), Identities.Of);
        await Assert.ThrowsAsync<InvalidOperationException>(() => live.AdvanceToAsync(Bench.Midnight, default));
    }

    [Fact]
    public async Task A_campaign_that_arrives_by_event_takes_part_from_the_next_tick()
    {
        await using var driver = new DayDriver(1);
        await driver.StartAsync([]);
        await driver.Engine.AdvanceToAsync(Bench.Midnight, default);
        Campaign campaign = DayDriver.Campaigns[0];
        // Its first bill of the same instant must find it.
        EngineEvent settings = new() { Kind = EventKind.Campaign, TenantId = "t1", CampaignId = "mpc", Settings = campaign, TimeTicks = Bench.At(0.2) };
        await driver.Log.AppendAsync(new[] { (Bench.Foreign("f", 9, 0.1) with { CampaignId = "mpc" }).Identified(), settings.Identified() }, default);
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1), default);
        Assert.Empty(driver.Log.Rejected);
        Assert.Contains(driver.Log.Published, record => record.CampaignId == "mpc");
        Assert.Same(campaign, driver.Engine.SettingsOf(0));
    }

    [Fact]
    public async Task What_cannot_be_applied_goes_to_the_dead_letters_and_consumption_goes_on()
    {
        await using var driver = new DayDriver(1);
        await driver.StartAsync();
        await driver.Engine.AdvanceToAsync(Bench.Midnight, default);
        EngineEvent[] events =
        [
            Bench.Foreign("a", 5, 0.1) with { CampaignId = "nobody" },
            Bench.Foreign("b", 5, -100) with { CampaignId = "mpc" },
            Bench.Refund("c", 50, 0.2) with { CampaignId = "mpc" },
            Bench.Refund("d", 50, -20) with { CampaignId = "mpc" },
            Bench.Foreign("e", 5, 0.3) with { CampaignId = "mpc" },
        ];
        await driver.Log.AppendAsync(events.Select(e => e.Identified()).ToArray(), default);
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1), default);
        Assert.Equal(
            ["refund-above-spend", "refund-above-spend", "too-old", "unknown-campaign"], driver.Log.Rejected.Select(r => r.Reason).Order());
        Assert.Equal(5, (await driver.Engine.LookAsync("t1", "mpc", default))!.SpentNanos);
    }

    [Fact]
    public async Task A_refund_of_yesterday_is_checked_against_the_ledger()
    {
        DayDriver driver = (await RunAsync(6, 52)).Driver;
        BudgetRow yesterday = (await driver.Store.BudgetsAsync("t1", "mpc", default)).First(row => row.Period == Bench.Day);
        long half = yesterday.SettledNanos / 2 + 1;
        // Two halves and a bit: the second is refused, and the commit that carries the first still goes through.
        await driver.Log.AppendAsync(new[] { "r1", "r2" }.Select(id => (Bench.Refund(id, half, 20) with { CampaignId = "mpc" }).Identified()).ToArray(), default);
        await driver.Engine.AdvanceToAsync(driver.Time.GetUtcNow() + DayDriver.Tick, default);
        Assert.Equal("refund-above-spend", Assert.Single(driver.Log.Rejected).Reason);
        Assert.Equal(yesterday.SettledNanos - half, (await driver.Store.BudgetsAsync("t1", "mpc", default)).First(row => row.Period == Bench.Day).SettledNanos);
    }

    [Fact]
    public async Task A_bill_in_the_tick_that_reclaims_its_lease_does_not_break_the_commit()
    {
        await using var driver = new DayDriver(1);
        await driver.StartAsync([Bench.Campaign()]);
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1), default);
        OutsideGrant first = (await driver.Engine.GrantToAsync("t1", "c1", "dsp", default))!.Value;
        LeaseGrant dsp = first.Grant;
        Assert.Null(await driver.Engine.GrantToAsync("t2", "c1", "dsp", default));
        // Renewed by asking again: the same lease, and nothing more while half of it is left.
        OutsideGrant again = (await driver.Engine.GrantToAsync("t1", "c1", "dsp", default))!.Value;
        Assert.Equal((dsp.LeaseId, 0L, dsp.GrantedNanos), (again.Grant.LeaseId, again.Grant.GrantedNanos, again.LeftNanos));
        Assert.Equal(dsp.GrantedNanos, first.LeftNanos);
        // It expires and its longest hold passes in the very tick that brings a bill.
        var end = new DateTimeOffset(dsp.ExpiresTicks, TimeSpan.Zero) + TimeSpan.FromMinutes(35);
        DateTimeOffset tick = Bench.Midnight;
        while (tick <= end) tick += DayDriver.Tick;
        await driver.Engine.AdvanceToAsync(tick - DayDriver.Tick, default);
        await driver.Log.AppendAsync(new[] { Bench.Bill(dsp.LeaseId, 1, 77, (tick - Bench.Midnight).TotalHours - 0.1).Identified() }, default);
        await driver.Engine.AdvanceToAsync(tick, default);
        Assert.Contains(dsp.LeaseId, driver.Store.ClosedLeases);
        Assert.Equal(77, (await driver.Store.BudgetsAsync("t1", "c1", default))[0].SettledNanos);
        // From now on a bill under it is late.
        await driver.Log.AppendAsync(new[] { Bench.Bill(dsp.LeaseId, 2, 3, (tick - Bench.Midnight).TotalHours).Identified() }, default);
        await driver.Engine.AdvanceToAsync(tick + DayDriver.Tick, default);
        Assert.Equal(("late-win", 3L), (driver.Store.Adjustments[^1].Cause, driver.Store.Adjustments[^1].AmountNanos));
    }

    [Fact]
    public async Task A_dsp_gets_headroom_for_the_new_day_although_the_old_lease_is_not_back_yet()
    {
        await using var driver = new DayDriver(1);
        await driver.StartAsync([Bench.Campaign()]);
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(23.5), default);
        Assert.True((await driver.Engine.GrantToAsync("t1", "c1", "dsp", default))!.Value.LeftNanos > 0);
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(24), default);
        OutsideGrant next = (await driver.Engine.GrantToAsync("t1", "c1", "dsp", default))!.Value;
        Assert.Equal(20250603, next.Grant.Day);
        Assert.True(next.Grant.GrantedNanos > 0);
        Assert.Equal(next.Grant.GrantedNanos, next.LeftNanos);
    }

    [Fact]
    public async Task A_paused_campaign_does_not_come_back_with_yesterdays_state()
    {
        var store = new InMemoryLedgerStore();
        var log = new InMemoryEventLog();
        Campaign paused = Bench.Campaign() with { Version = 2, Status = CampaignStatus.Paused };
        await using (var driver = new DayDriver(1, store, log))
        {
            await driver.StartAsync([Bench.Campaign()]);
            await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(20), default);
            await log.AppendAsync(new[] { new EngineEvent { Kind = EventKind.Campaign, TenantId = "t1", CampaignId = "c1", Settings = paused, TimeTicks = Bench.At(20) }.Identified() }, default);
            await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(30), default);
        }

        await using var again = new DayDriver(1, store, log, Bench.Midnight.AddHours(30.5), "node-2");
        await again.StartAsync([paused]);
        Assert.Equal(0, (await again.Engine.LookAsync("t1", "c1", default))!.Day);
        Assert.Equal(0, (await again.Engine.AdvanceToAsync(Bench.Midnight.AddHours(31), default)).StepsClosed);
        Assert.Equal(GuardReasons.Paused, again.Engine.Bids.Decide(new BidQuery(0, 0.001, 0, false), again.Engine.Now, 10).Reasons);
    }
}
