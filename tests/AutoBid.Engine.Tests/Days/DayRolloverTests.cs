using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Conversions;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Days;

/// <summary>Local days as the whole engine sees them: lengths, midnight, what comes late, what is changed while they run.</summary>
public sealed class DayRolloverTests
{
    private const string Berlin = "Europe/Berlin";

    private static readonly DateTimeOffset Start = LocalDays.Midnight(Berlin, 2025, 6, 2);

    private static async Task<LocalDays> BerlinAsync(Func<Campaign, Campaign>? with = null, DateTimeOffset? at = null)
    {
        var days = new LocalDays(at ?? Start);
        await days.StartAsync(with?.Invoke(LocalDays.In(Berlin)) ?? LocalDays.In(Berlin));
        return days;
    }

    [Theory]
    [InlineData(Berlin, 2025, 3, 30, 23)]
    [InlineData(Berlin, 2025, 10, 26, 25)]
    [InlineData("America/New_York", 2025, 3, 9, 23)]
    [InlineData("America/New_York", 2025, 11, 2, 25)]
    [InlineData("Australia/Lord_Howe", 2025, 4, 6, 24.5)]
    [InlineData("Australia/Lord_Howe", 2025, 10, 5, 23.5)]
    [InlineData("Asia/Kathmandu", 2025, 6, 2, 24)]
    public async Task A_day_has_48_steps_however_long_it_is(string zone, int year, int month, int day, double hours)
    {
        DateTimeOffset midnight = LocalDays.Midnight(zone, year, month, day);
        int label = year * 10000 + month * 100 + day;
        await using var days = new LocalDays(midnight.AddHours(-1));
        await days.StartAsync(LocalDays.In(zone));
        Assert.NotEqual(label, days.Entry.Day);
        await days.AdvanceAsync(midnight.AddMinutes(30));
        Assert.Equal((label, midnight.UtcTicks, midnight.AddHours(hours).UtcTicks), (days.Entry.Day, days.Entry.DayStartTicks, days.Entry.DayEndTicks));
        DateTimeOffset end = midnight.AddHours(hours);
        await days.AdvanceAsync(end.AddSeconds(-1));
        CampaignStatusView last = (await days.Engine.LookAsync("t1", "c1", default))!;
        Assert.Equal((label, true), (last.Day, last.Rows.Count >= 47));
        // The tick grid is UTC's: a midnight between two ticks is seen with the next one.
        await days.AdvanceAsync(end.AddMinutes(30));
        Assert.True(days.Entry.Day > label);
        Assert.Equal((label, end.UtcTicks), (days.Entry.LastDay, days.Entry.DayStartTicks));
        Assert.InRange(days.Engine.Book.Trajectories.Closed(days.Entry.Block), 0, 2);
    }

    [Fact]
    public async Task A_bill_that_begins_the_day_of_a_paused_campaign_counts_in_its_account_at_once()
    {
        await using LocalDays days = await BerlinAsync(c => c with { Account = "brand", AccountBudgetNanos = 5_000_000_000 });
        await days.PutAsync(c => c with { Status = CampaignStatus.Paused });
        DateTimeOffset next = Start.AddDays(1).AddMinutes(31);
        await days.AdvanceAsync(next);
        Assert.Equal(0, days.Entry.Day);
        await days.ForeignAsync(100, next, next);
        // No tick falls in between.
        await days.AdvanceAsync(next.AddMinutes(1));
        BudgetRow account = (await days.Store.BudgetsAsync("t1", "c1", default)).Single(row => row is { Scope: BudgetScope.Account, Period: 20250603 });
        Assert.Equal(("brand", 100L), (account.Id, account.SettledNanos));
    }

    [Fact]
    public async Task A_bid_before_midnight_billed_after_it_settles_on_its_own_day()
    {
        DateTimeOffset midnight = Start.AddDays(1);
        await using LocalDays days = await BerlinAsync();
        await days.AdvanceAsync(midnight.AddMinutes(-1));
        HeldBid held = (await days.BidAsync(50_000_000))!.Value.Held;
        Assert.Equal(20250602, held.Day);
        await days.AdvanceAsync(midnight);
        Assert.Equal(20250603, days.Entry.Day);
        // The hold is still open: its lease stays outstanding on the day that is over.
        Assert.InRange((await days.Store.BudgetsAsync("t1", "c1", default)).First(row => row.Period == 20250602).OutstandingNanos, 50_000_000, 1_000_000_000);
        await days.BillAsync(held, 40_000_000, midnight.AddMinutes(-1), midnight.AddMinutes(1));
        await days.AdvanceAsync(midnight.AddMinutes(30));
        Assert.Equal(new SortedDictionary<int, long> { [20250602] = 40_000_000 }, await days.SettledAsync());
        Assert.Equal((0L, 0L, 0L), (days.Entry.SpentNanos, days.Entry.AdjustedNanos, days.Engine.Book.Open(0).LateCostNanos));
        Assert.Empty(days.Store.Adjustments);
        Assert.Equal(0, (await days.Store.BudgetsAsync("t1", "c1", default)).First(row => row.Period == 20250602).OutstandingNanos);
    }

    [Fact]
    public async Task A_bill_two_days_late_belongs_to_the_day_of_its_bid()
    {
        await using LocalDays days = await BerlinAsync();
        await days.AdvanceAsync(Start.AddHours(10));
        HeldBid held = (await days.BidAsync(50_000_000))!.Value.Held;
        await days.AdvanceAsync(Start.AddHours(50));
        long version = (await days.Engine.DaysAsync("t1", "c1", default))!.FirstOrDefault(day => day.Day == 20250602).Version;
        await days.BillAsync(held, 40_000_000, Start.AddHours(10), Start.AddHours(50));
        await days.ForeignAsync(7, Start.AddHours(23.9), Start.AddHours(50));
        await days.AdvanceAsync(Start.AddHours(51));
        Assert.Equal(new SortedDictionary<int, long> { [20250602] = 40_000_007 }, await days.SettledAsync());
        Assert.Equal(["foreign-bid", "late-win"], days.Store.Adjustments.Select(a => a.Cause).Order());
        Assert.Equal(0, days.Entry.SpentNanos);
        ClickDayView row = (await days.Engine.DaysAsync("t1", "c1", default))!.Single(day => day.Day == 20250602);
        Assert.Equal((40_000_007L, true), (row.SpentNanos, row.Version > version));
    }

    [Fact]
    public async Task A_conversion_of_yesterdays_click_steers_today_and_reports_yesterday()
    {
        await using LocalDays days = await BerlinAsync();
        await days.AdvanceAsync(Start.AddHours(30));
        await days.ConvertAsync("k", Start.AddHours(20), Start.AddHours(29.9), value: 3);
        await days.AdvanceAsync(Start.AddHours(31));
        Assert.Equal((1L, 3_000_000L), (days.Entry.Conversions, days.Entry.ConversionValueMicros));
        IReadOnlyList<ClickDayView> report = (await days.Engine.DaysAsync("t1", "c1", default))!;
        Assert.Equal([(20250602, 1L, 1L), (20250603, 0L, 0L)], report.Select(day => (day.Day, day.Conversions, day.Version)));
        await days.ConvertAsync("k", Start.AddHours(20), Start.AddHours(31.2), Events.EventKind.Retract, 2);
        await days.AdvanceAsync(Start.AddHours(32));
        Assert.Equal(0, days.Entry.Conversions);
        Assert.Equal((0L, 2L), (await days.Engine.DaysAsync("t1", "c1", default))!.Select(day => (day.Conversions, day.Version)).First());
    }

    [Fact]
    public async Task A_raised_budget_goes_on_and_a_lowered_one_stops_grants_and_is_reached_as_leases_return()
    {
        await using LocalDays days = await BerlinAsync(c => c with { DailyBudgetNanos = 1_000_000_000 });
        async Task<long> SpendAsync()
        {
            long spent = 0;
            while (await days.BidAsync(10_000_000) is { } bid)
            {
                await days.BillAsync(bid.Held, bid.Price, days.Now, days.Now);
                spent += bid.Price;
            }

            await days.AdvanceAsync(TimeSpan.FromMinutes(30));
            return spent;
        }

        async Task<BudgetRow> RowAsync() => (await days.Store.BudgetsAsync("t1", "c1", default)).Single();
        Assert.Equal(1_000_000_000, await SpendAsync());
        await days.PutAsync(c => c with { DailyBudgetNanos = 1_500_000_000 });
        await days.AdvanceAsync(TimeSpan.FromMinutes(30));
        Assert.Equal(500_000_000, await SpendAsync());
        await days.PutAsync(c => c with { DailyBudgetNanos = 3_000_000_000 });
        await days.AdvanceAsync(TimeSpan.FromMinutes(30));
        (HeldBid open, long price) = (await days.BidAsync(10_000_000))!.Value;
        // Below what is settled, with headroom and a hold outstanding: what was granted stays good, nothing more is granted.
        await days.PutAsync(c => c with { DailyBudgetNanos = 1_200_000_000 });
        await days.AdvanceAsync(TimeSpan.FromMinutes(5));
        BudgetRow lowered = await RowAsync();
        Assert.True(lowered.OutstandingNanos >= price && lowered.SettledNanos == 1_500_000_000);
        Assert.True(lowered.BudgetNanos >= lowered.SettledNanos + lowered.OutstandingNanos);
        await days.BillAsync(open, price, days.Now - TimeSpan.FromMinutes(5), days.Now);
        await days.AdvanceAsync(TimeSpan.FromMinutes(30));
        Assert.Null(await days.BidAsync(10_000_000));
        Assert.Equal(1_500_000_000 + price, (await RowAsync()).SettledNanos);
        await days.AdvanceAsync(Start.AddHours(26));
        // The day's leases are back: its budget is down to what was settled, and tomorrow begins with the lowered one.
        BudgetRow over = (await days.Store.BudgetsAsync("t1", "c1", default)).First(row => row.Period == 20250602);
        Assert.Equal((1_500_000_000L + price, 1_500_000_000L + price, 0L), (over.BudgetNanos, over.SettledNanos, over.OutstandingNanos));
        Assert.Equal(1_200_000_000, await SpendAsync());
        Assert.Empty(days.Store.Adjustments);
    }

    [Fact]
    public async Task A_new_target_moves_the_bids_with_the_next_tick()
    {
        await using LocalDays days = await BerlinAsync();
        await days.AdvanceAsync(Start.AddHours(12));
        await days.PutAsync(c => c with { Target = 10 });
        Assert.Equal(20, days.Entry.Reference);
        await days.AdvanceAsync(Start.AddHours(12.5));
        Assert.Equal(10, days.Entry.Reference);
        Assert.Equal(50_000_000, (await days.BidAsync(100_000_000))!.Value.Price);
    }

    [Fact]
    public async Task Paused_over_midnight_it_wakes_in_its_new_day()
    {
        await using LocalDays days = await BerlinAsync();
        await days.AdvanceAsync(Start.AddHours(22));
        await days.PutAsync(c => c with { Status = CampaignStatus.Paused });
        await days.AdvanceAsync(Start.AddHours(23));
        Assert.Null(await days.BidAsync(1_000_000));
        // While it sleeps: its old day ends, none begins, and money of the old day still finds it.
        await days.AdvanceAsync(Start.AddHours(26));
        Assert.Equal(0, days.Entry.Day);
        await days.ForeignAsync(9, Start.AddHours(21), Start.AddHours(25.9));
        await days.PutAsync(c => c with { Status = CampaignStatus.Active });
        await days.AdvanceAsync(Start.AddHours(33));
        Assert.Equal((20250603, Start.AddHours(24).UtcTicks), (days.Entry.Day, days.Entry.DayStartTicks));
        Assert.Equal(18, days.Engine.Book.Trajectories.Closed(days.Entry.Block));
        Assert.NotNull(await days.BidAsync(1_000_000));
        Assert.Equal(new SortedDictionary<int, long> { [20250602] = 9 }, await days.SettledAsync());
        // Off and on inside one day loses nothing of it.
        await days.ForeignAsync(5, Start.AddHours(33), Start.AddHours(33));
        await days.PutAsync(c => c with { Status = CampaignStatus.Paused });
        await days.AdvanceAsync(Start.AddHours(36));
        await days.PutAsync(c => c with { Status = CampaignStatus.Active });
        await days.AdvanceAsync(Start.AddHours(37));
        Assert.Equal((20250603, 5L), (days.Entry.Day, days.Entry.SpentNanos));
    }

    [Fact]
    public async Task Flight_and_hours_bound_the_bids_inside_a_day()
    {
        await using LocalDays days = await BerlinAsync(c => c with
        {
            Schedule = c.Schedule with { FlightStart = Start.UtcDateTime.AddHours(6.25), FlightEnd = Start.UtcDateTime.AddHours(20), Hours = [6, 7, 19, 20, 21] },
        });
        var bids = new List<double>();
        for (double at = 0; at < 30; at += 0.5)
        {
            await days.AdvanceAsync(Start.AddHours(at));
            if (await days.BidAsync(1_000) is not null) bids.Add(at);
        }

        Assert.Equal([6.5, 7, 7.5, 19, 19.5], bids);
    }

    [Fact]
    public async Task The_forecast_of_a_decision_counts_only_steps_in_which_the_campaign_may_bid()
    {
        // Twelve hours of a flat day, none of them seen yet: min-pacing has half the volume to spend the budget on.
        async Task<double> AtNoonAsync(IReadOnlyList<int> hours, DateTime? flightEnd = null)
        {
            var options = new EngineOptions { Prior = DayDriver.Prior() };
            await using var driver = new DayDriver(1, at: Bench.Midnight, options: options);
            await driver.StartAsync([Bench.Campaign("mpc", "mpc") with { DailyBudgetNanos = 2_000_000_000, Schedule = new Schedule { Hours = hours, FlightEnd = flightEnd } }]);
            await driver.Engine.AdvanceToAsync(Bench.Midnight, default);
            return driver.Log.Published[^1].RawMultiplier;
        }

        double all = await AtNoonAsync([]);
        Assert.Equal(all, await AtNoonAsync([.. Enumerable.Range(0, 24)]));
        double few = await AtNoonAsync([0, 1, 2, 3]);
        Assert.True(few > 1.2 * all, $"{few} {all}");
        Assert.Equal(few, await AtNoonAsync([], Bench.Midnight.UtcDateTime.AddHours(4)));
    }
}
