using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Loop;

public sealed class StepCloserTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private TrajectoryView View(int c) => _bench.Book.Trajectories.View(_bench.Entry(c).Block);

    [Fact]
    public void A_step_closes_with_its_sums_and_its_curve()
    {
        int c = _bench.Open(Bench.Campaign());
        _bench.Apply(Bench.Signal("s", 1_000_000, 5_000_000, won: true, hours: 0.1), nowHours: 0.2);
        _bench.Apply(Bench.Foreign("f", 7_000, bidHours: 0.1), nowHours: 0.2);
        Assert.Equal(0, _bench.Closer.Advance(c, Bench.At(0.49)));
        Assert.Equal(1, _bench.Closer.Advance(c, Bench.At(0.5)));
        StepRow row = View(c).Rows[0];
        Assert.Equal((1f, 1f, 0.000007f, 1f, 0f), (row.Wins, row.Signals, row.Cost, row.Elapsed, row.Partial));
        Assert.True(View(c).TryGetCurve(0, out ReadOnlySpan<Half> cost, out _));
        Assert.True(cost[^1] > (Half)0);
        Assert.Equal(0, _bench.Entry(c).StepSpentNanos);
        Assert.Equal(7_000, _bench.Entry(c).SpentNanos);
        Assert.Equal(0, _bench.Book.Open(c).Wins);
    }

    [Fact]
    public void Several_steps_close_at_once_and_only_the_first_has_events()
    {
        int c = _bench.Open(Bench.Campaign());
        _bench.Apply(Bench.Foreign("f", 7_000, bidHours: 0.1), nowHours: 0.2);
        Assert.Equal(5, _bench.Closer.Advance(c, Bench.At(2.6)));
        Assert.Equal([0.000007f, 0, 0, 0, 0], View(c).Rows.ToArray().Select(row => row.Cost));
        Assert.False(View(c).TryGetCurve(0, out _, out _));
    }

    [Fact]
    public void The_day_rolls_over_and_begins_at_zero()
    {
        int c = _bench.Open(Bench.Campaign(), 20);
        Assert.Equal(40, View(c).Closed);
        _bench.Leases.Grant(c, 7, Bench.Day, 100, long.MaxValue, 1);
        _bench.Apply(Bench.Foreign("f", 7_000, bidHours: 20), nowHours: 20);
        Assert.Equal(9, _bench.Closer.Advance(c, Bench.At(24.6)));
        Assert.Equal((20250603, 0L, 0L, 1), (_bench.Entry(c).Day, _bench.Entry(c).SpentNanos, _bench.Entry(c).Conversions, View(c).Closed));
        Assert.Equal(Bench.At(24), _bench.Entry(c).DayStartTicks);
        Assert.Equal(default, _bench.Leases.Look(c));
    }

    [Theory]
    [InlineData("2025-03-30", 23)]
    [InlineData("2025-10-26", 25)]
    public void A_day_of_23_or_25_hours_has_48_rows(string date, int hours)
    {
        int c = _bench.Book.Upsert(Bench.Campaign() with { Schedule = new Schedule { TimeZone = "Europe/Berlin" } });
        var noon = DateTimeOffset.Parse(date + "T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture);
        DayBounds day = new StepClock(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")).DayAt(noon.UtcTicks);
        Assert.Equal(hours, (day.EndTicks - day.StartTicks) / TimeSpan.TicksPerHour);
        int closed = 0;
        for (long t = day.StartTicks; t < day.EndTicks; t += TimeSpan.TicksPerMinute) closed += _bench.Closer.Advance(c, t);
        Assert.Equal(47, closed);
        Assert.Equal(1, _bench.Closer.Advance(c, day.EndTicks));
        Assert.Equal(day.EndTicks, _bench.Entry(c).DayStartTicks);
    }

    [Fact]
    public void A_paused_campaign_ends_its_day_and_begins_none()
    {
        int c = _bench.Open(Bench.Campaign(), 20);
        _bench.Book.Upsert(Bench.Campaign() with { Version = 2, Status = CampaignStatus.Paused });
        Assert.Equal(8, _bench.Closer.Advance(c, Bench.At(24)));
        Assert.Equal(0, _bench.Entry(c).Day);
        Assert.True(_bench.Entry(c).IsDirty);
        Assert.Equal(0, _bench.Closer.Advance(c, Bench.At(30)));
        _bench.Book.Upsert(Bench.Campaign() with { Version = 3 });
        Assert.Equal(12, _bench.Closer.Advance(c, Bench.At(30)));
    }

    [Fact]
    public void A_day_missed_altogether_is_skipped()
    {
        int c = _bench.Open(Bench.Campaign(), 20);
        _bench.Closer.Advance(c, Bench.At(72.1));
        Assert.Equal((20250605, 0), (_bench.Entry(c).Day, View(c).Closed));
    }

    [Fact]
    public void MaxConversions_learns_its_market_cpa_overnight_and_keeps_it_for_the_day()
    {
        Campaign campaign = Bench.Campaign() with { Objective = Objective.MaxConversions, Target = null };
        int c = _bench.Open(campaign);
        Assert.Equal(50, _bench.Entry(c).Reference);
        _bench.Apply(Bench.Foreign("f", 8_000_000_000, bidHours: 1), nowHours: 1);
        _bench.Apply(Bench.Signal("s", 400_000_000, -1, won: true, hours: 1), nowHours: 1);
        _bench.Closer.Advance(c, Bench.At(23));
        Assert.Equal(50, _bench.Entry(c).Reference);
        _bench.Closer.Advance(c, Bench.At(24));
        // Today a unit of value cost 20: the estimate is the geometric mean of 50 and 20.
        Assert.Equal(Math.Sqrt(1000), _bench.Entry(c).Reference, 9);
    }

    [Fact]
    public void A_changed_target_moves_the_reference_at_once()
    {
        int c = _bench.Open(Bench.Campaign());
        _bench.Book.Upsert(Bench.Campaign() with { Version = 2, Target = 33 });
        _bench.Closer.Advance(c, Bench.At(0.1));
        Assert.Equal(33, _bench.Entry(c).Reference);
    }

    [Fact]
    public void The_open_row_shows_its_elapsed_share()
    {
        int c = _bench.Open(Bench.Campaign(), 10);
        _bench.Apply(Bench.Stats(5));
        _bench.Closer.ShowOpenRow(c, Bench.At(10.125));
        Assert.Equal((0.25f, 15f), (View(c).Open.Elapsed, View(c).Open.Impressions));
        Assert.Equal(20, View(c).Closed);
    }

    [Fact]
    public void Conversions_that_can_no_longer_change_are_forgotten_when_a_day_begins()
    {
        int c = _bench.Open(Bench.Campaign());
        _bench.Apply(Bench.Conversion("k", hours: 1), nowHours: 1);
        for (int day = 1; day <= 29; day++) _bench.Closer.Advance(c, Bench.At(24 * day));
        Assert.Equal(1, _bench.Book.Conversions.Book.CountOf(c));
        for (int day = 30; day <= 32; day++) _bench.Closer.Advance(c, Bench.At(24 * day));
        Assert.Equal(0, _bench.Book.Conversions.Book.CountOf(c));
    }

    [Fact]
    public void A_campaign_without_a_day_for_a_day_gives_its_block_back_and_begins_anew_when_it_is_resumed()
    {
        int c = _bench.Open(Bench.Campaign(), 20);
        int block = _bench.Entry(c).Block;
        _bench.Apply(Bench.Foreign("f", 7_000, bidHours: 20), nowHours: 20);
        _bench.Book.Upsert(Bench.Campaign() with { Version = 2, Status = CampaignStatus.Paused });
        _bench.Closer.Advance(c, Bench.At(24));
        _bench.Closer.Advance(c, Bench.At(47.9));
        // Its last day can be looked at for a day.
        Assert.Equal(block, _bench.Entry(c).Block);
        _bench.Closer.Advance(c, Bench.At(48));
        Assert.Equal(-1, _bench.Entry(c).Block);
        int other = _bench.Open(Bench.Campaign("c2"), 48);
        Assert.Equal((block, 0), (_bench.Entry(other).Block, View(other).Closed));
        // Bills and conversions that still come find no running step and break nothing.
        Assert.Null(_bench.Apply(Bench.Foreign("late", 5, bidHours: 20), nowHours: 49));
        Assert.Null(_bench.Apply(Bench.Conversion("k", hours: 49), nowHours: 49));
        _bench.Load(c, _bench.Save(c));
        _bench.Book.Upsert(Bench.Campaign() with { Version = 3 });
        _bench.Closer.Advance(c, Bench.At(50));
        Assert.NotEqual(block, _bench.Entry(c).Block);
        Assert.Equal((20250604, 4, 0L), (_bench.Entry(c).Day, View(c).Closed, _bench.Entry(c).SpentNanos));
    }
}
