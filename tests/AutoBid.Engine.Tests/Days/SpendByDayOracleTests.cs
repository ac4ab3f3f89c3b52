using AutoBid.Engine.Leases;
using AutoBid.Engine.Ports;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Engine.Tests.Days;

/// <summary>
/// Random bids, bills, budget edits and clock advances over a weekend in which clocks change, against an oracle that only adds prices up by the local date of
/// their bid. The store throws when settled + outstanding exceeds a budget at any commit.
/// </summary>
public sealed class SpendByDayOracleTests
{
    [Theory]
    [InlineData("Europe/Berlin", 2025, 10, 25)]
    [InlineData("Europe/Berlin", 2025, 3, 29)]
    [InlineData("America/New_York", 2025, 11, 1)]
    [InlineData("Australia/Lord_Howe", 2025, 4, 5)]
    public void Spend_per_local_day_is_the_oracles(string zone, int year, int month, int day)
    {
        const int Runs = 12;
        int days = 0;
        Prop.ForAll<int>(seed => { days += RunAsync(zone, LocalDays.Midnight(zone, year, month, day), seed).GetAwaiter().GetResult(); })
            .Check(Checks.Config.WithMaxTest(Runs).WithEndSize(1_000_000));
        // One run may leap over a day without spending; all of them together have seen the weekend.
        Assert.True(days >= 2 * Runs, $"{days} days with spend in {Runs} runs");
    }

    /// <summary>Plays one weekend and checks it. Returns the number of local days with spend.</summary>
    private static async Task<int> RunAsync(string zone, DateTimeOffset start, int seed)
    {
        var random = new Random(seed);
        TimeZoneInfo info = TimeZoneInfo.FindSystemTimeZoneById(zone);
        int DateOf(DateTimeOffset at)
        {
            DateTime local = TimeZoneInfo.ConvertTime(at, info).DateTime;
            return local.Year * 10000 + local.Month * 100 + local.Day;
        }

        await using var days = new LocalDays(start);
        await days.StartAsync(LocalDays.In(zone, budget: 3));
        var spent = new SortedDictionary<int, long>();
        var requested = new Dictionary<int, long>();
        var open = new List<(HeldBid Held, long Price, DateTimeOffset At)>();
        void Request(int date) => requested[date] = Math.Max(requested.GetValueOrDefault(date), days.Settings.DailyBudgetNanos);
        void Add(DateTimeOffset bidAt, long nanos) => spent[DateOf(bidAt)] = spent.GetValueOrDefault(DateOf(bidAt)) + nanos;
        Request(DateOf(start));
        while (days.Now < start.AddHours(76))
        {
            switch (random.Next(10))
            {
                case < 5:
                    if (await days.BidAsync(random.Next(1, 80) * 1_000_000L) is { } bidding) open.Add((bidding.Held, bidding.Price, days.Now));
                    break;
                case < 7 when open.Count > 0:
                    int at = random.Next(open.Count);
                    (HeldBid bill, long bid, DateTimeOffset bidAt) = open[at];
                    open.RemoveAt(at);
                    long billed = random.Next(8) == 0 ? bid + 5_000 : random.NextInt64(1, bid + 1);
                    await days.BillAsync(bill, billed, bidAt, days.Now);
                    Add(bidAt, billed);
                    break;
                case 7:
                    DateTimeOffset elsewhere = days.Now - TimeSpan.FromHours(Math.Min(random.NextDouble() * 50, (days.Now - start).TotalHours));
                    long foreign = random.Next(1, 1000);
                    await days.ForeignAsync(foreign, elsewhere, days.Now);
                    Add(elsewhere, foreign);
                    break;
                case 8 when random.Next(4) == 0:
                    await days.PutAsync(c => c with { DailyBudgetNanos = random.Next(1, 60) * 100_000_000L });
                    Request(DateOf(days.Now));
                    break;
                default:
                    await days.AdvanceAsync(TimeSpan.FromMinutes(random.Next(1, random.Next(8) == 0 ? 400 : 90)));
                    Request(DateOf(days.Now));
                    break;
            }
        }

        await days.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal(spent, await days.SettledAsync());
        foreach (BudgetRow row in await days.Store.BudgetsAsync("t1", "c1", default))
        {
            long adjusted = days.Store.Adjustments.Where(a => a.Day == row.Period).Sum(a => a.AmountNanos);
            Assert.True(row.SettledNanos - adjusted + row.OutstandingNanos <= requested.GetValueOrDefault(row.Period), $"{row}");
        }

        return spent.Count;
    }
}
