using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Tests.Fakes;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Engine.Tests.Days;

/// <summary>
/// A campaign's time zone is changed while a day runs: the running day keeps its bounds, the days after it end at the new zone's midnights, no instant
/// belongs to two days nor to none, and no date is used twice.
/// </summary>
public sealed class TimeZoneChangeTests
{
    private static readonly string[] Zones =
        ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "UTC"];

    private static Campaign In(string zone, long version, CampaignStatus status = CampaignStatus.Active)
        => Bench.Campaign() with { Version = version, Status = status, Schedule = new Schedule { TimeZone = zone } };

    private static List<DayBounds> Walk(Bench bench, int c, ref double hours, double until, List<DayBounds> days)
    {
        for (; hours < until; hours += 0.25)
        {
            bench.Closer.Advance(c, Bench.At(hours));
            ref CampaignEntry entry = ref bench.Entry(c);
            if (entry.Day == 0) continue;
            var day = new DayBounds(entry.Day, entry.DayStartTicks, entry.DayEndTicks);
            Assert.InRange(Bench.At(hours), day.StartTicks, day.EndTicks - 1);
            if (days.Count == 0 || days[^1] != day) days.Add(day);
        }

        return days;
    }

    [Theory]
    [InlineData("Europe/Berlin", "America/New_York", 30)]
    [InlineData("Europe/Berlin", "Asia/Tokyo", 17)]
    [InlineData("Asia/Tokyo", "Europe/Berlin", 31)]
    public void The_first_day_after_the_change_begins_where_the_last_one_ended(string from, string to, double hours)
    {
        using var bench = new Bench();
        int c = bench.Open(In(from, 1), 20);
        double now = 20.25;
        DayBounds running = Walk(bench, c, ref now, 21, [])[0];
        bench.Book.Upsert(In(to, 2));
        List<DayBounds> days = Walk(bench, c, ref now, 96, []);
        Assert.Equal(running, days[0]);
        Assert.Equal(running.EndTicks, days[1].StartTicks);
        Assert.Equal(hours, TimeSpan.FromTicks(days[1].EndTicks - days[1].StartTicks).TotalHours);
        var clock = new StepClock(TimeZoneInfo.FindSystemTimeZoneById(to));
        Assert.Equal(clock.DayAt(days[2].StartTicks), days[2]);
    }

    [Fact]
    public void Whatever_zones_and_instants_days_follow_each_other_without_gap_overlap_or_repeated_date()
        => Prop.ForAll<int>(seed =>
        {
            var random = new Random(seed);
            using var bench = new Bench();
            string zone = Zones[random.Next(Zones.Length)];
            double now = 24 * random.NextDouble();
            int c = bench.Open(In(zone, 1), now);
            var days = new List<DayBounds>();
            long version = 1;
            var pauses = new List<(long From, long To)>();
            for (int change = 0; change < 4; change++)
            {
                Walk(bench, c, ref now, now + 80 * random.NextDouble(), days);
                zone = Zones[random.Next(Zones.Length)];
                if (random.Next(3) == 0)
                {
                    bench.Book.Upsert(In(zone, ++version, CampaignStatus.Paused));
                    long asleep = Bench.At(now);
                    Walk(bench, c, ref now, now + 60 * random.NextDouble(), days);
                    pauses.Add((asleep, Bench.At(now)));
                }

                bench.Book.Upsert(In(zone, ++version));
            }

            // The running day and the first of the new zone may both be days across the date line, of up to 50 hours.
            Walk(bench, c, ref now, now + 101, days);
            for (int i = 1; i < days.Count; i++)
            {
                Assert.True(days[i].Day > days[i - 1].Day, $"{days[i - 1]} {days[i]}");
                Assert.True(days[i].StartTicks >= days[i - 1].EndTicks, $"{days[i - 1]} {days[i]}");
                Assert.InRange(TimeSpan.FromTicks(days[i].EndTicks - days[i].StartTicks).TotalHours, 0.25, 50);
                // Only sleep leaves a gap.
                if (days[i].StartTicks > days[i - 1].EndTicks) Assert.Contains(pauses, p => p.From < days[i].StartTicks && p.To > days[i - 1].EndTicks);
            }

            var clock = new StepClock(TimeZoneInfo.FindSystemTimeZoneById(zone));
            Assert.Equal(clock.DayAt(days[^1].StartTicks), days[^1]);
        }).Check(Checks.Config.WithMaxTest(150).WithEndSize(1_000_000));

    [Fact]
    public async Task Money_and_clicks_of_the_former_zones_days_stay_with_them_also_after_a_restart()
    {
        var store = new InMemoryLedgerStore();
        var log = new InMemoryEventLog();
        DateTimeOffset start = LocalDays.Midnight("Europe/Berlin", 2025, 6, 2), end = start.AddDays(1);
        Campaign moved;
        await using (var days = new LocalDays(start, store, log))
        {
            await days.StartAsync(LocalDays.In("Europe/Berlin"));
            await days.AdvanceAsync(start.AddHours(12));
            await days.PutAsync(c => c with { Schedule = new Schedule { TimeZone = "America/New_York" } });
            await days.AdvanceAsync(start.AddHours(13));
            Assert.Equal((20250602, end.UtcTicks), (days.Entry.Day, days.Entry.DayEndTicks));
            moved = days.Settings;
        }

        // The new process knows only the new settings; the snapshot knows the running day.
        await using var later = new LocalDays(start.AddHours(13), store, log, "node-2");
        await later.StartAsync(moved);
        Assert.Equal((20250602, end.UtcTicks), (later.Entry.Day, later.Entry.DayEndTicks));
        // 23:30 in Berlin is 17:30 of the same date in New York, 00:30 is 18:30 of it: one date, two days.
        await later.ForeignAsync(1, end.AddMinutes(-30), end.AddMinutes(-30));
        await later.AdvanceAsync(end.AddHours(1));
        Assert.Equal((20250603, end.UtcTicks, end.AddHours(30).UtcTicks), (later.Entry.Day, later.Entry.DayStartTicks, later.Entry.DayEndTicks));
        await later.ForeignAsync(10, end.AddMinutes(30), end.AddMinutes(60));
        await later.ForeignAsync(100, start.AddMinutes(30), end.AddMinutes(60));
        await later.ConvertAsync("k", start.AddMinutes(10), end.AddMinutes(61));
        await later.AdvanceAsync(end.AddHours(40));
        Assert.Equal(20250604, later.Entry.Day);
        // Two days on, the same still holds.
        await later.ForeignAsync(1000, end.AddMinutes(45), end.AddHours(40));
        await later.ForeignAsync(10_000, start.AddMinutes(45), end.AddHours(40));
        await later.AdvanceAsync(end.AddHours(41));
        Assert.Equal(new SortedDictionary<int, long> { [20250602] = 10_101, [20250603] = 1010 }, await later.SettledAsync());
        Assert.Equal(20250602, (await later.Engine.DaysAsync("t1", "c1", default))!.Single(day => day.Conversions == 1).Day);
    }
}
