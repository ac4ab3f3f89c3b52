using System.Diagnostics;
using AutoBid.Core.Campaigns;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Loop;

public sealed class DeciderTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private BidSlot Slot(int c)
    {
        _bench.Slots.Read(c, out BidSlot slot);
        return slot;
    }

    private List<DecisionRecord> DecideAt(double hours)
    {
        for (int c = 0; c < _bench.Book.Count; c++)
        {
            _bench.Closer.Advance(c, Bench.At(hours));
            if (_bench.Entry(c).Day != 0) _bench.Closer.ShowOpenRow(c, Bench.At(hours));
        }

        return _bench.Decider.Decide(Bench.At(hours), inputsAreStale: false);
    }

    [Fact]
    public void A_decision_becomes_a_slot()
    {
        int c = _bench.Open(Bench.Campaign() with { AccountConstant = 0.8, BidFloorNanos = 3, BidCapNanos = 4_000 });
        DecisionRecord record = Assert.Single(DecideAt(0));
        BidSlot slot = Slot(c);
        Assert.Equal((16.0, 16.0, 3L, 4_000L, BidSlotFlags.None, 1), (slot.BidPerValue, slot.SafeBidPerValue, slot.FloorNanos, slot.CapNanos, slot.Flags, slot.Version));
        Assert.Equal((Bench.At(1), Bench.At(2)), (slot.ExpiresTicks, slot.DeadTicks));
        Assert.Equal(("c1", Bench.Day, 0, 0, "constant", 0.8, 0.8), (record.CampaignId, record.Day, record.Step, record.Tick, record.Policy, record.RawMultiplier, record.Multiplier));
        Assert.Null(record.FallbackStep);
        Assert.Equal(slot.ExpiresTicks, record.ExpiresTicks);
        Assert.Equal(2, Slot(c).Version + DecideAt(0.5).Count);
        Assert.Equal(2, Slot(c).Version);
    }

    [Fact]
    public void A_tick_is_a_span_that_says_how_many_campaigns_it_decided()
    {
        var spans = new List<Activity>();
        // Tests beside this one tick too: only those of this thread count.
        int thread = Environment.CurrentManagedThreadId;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == EngineMetrics.MeterName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (Environment.CurrentManagedThreadId == thread) spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        _bench.Open(Bench.Campaign("a"));
        _bench.Open(Bench.Campaign("b"));
        DecideAt(0);
        Activity tick = Assert.Single(spans);
        Assert.Equal(("autobid.tick", (object?)2), (tick.OperationName, tick.GetTagItem("autobid.campaigns")));
    }

    [Fact]
    public void Decisions_come_in_id_order_whatever_the_order_of_arrival()
    {
        foreach (string id in new[] { "b", "a10", "a2", "B" }) _bench.Open(Bench.Campaign(id));
        Assert.Equal(["B", "a10", "a2", "b"], DecideAt(0).Select(record => record.CampaignId));
    }

    [Fact]
    public void A_paused_campaign_is_silenced_at_once_and_speaks_again()
    {
        int c = _bench.Open(Bench.Campaign());
        DecideAt(0);
        _bench.Book.Upsert(Bench.Campaign() with { Version = 2, Status = CampaignStatus.Paused });
        Assert.Empty(DecideAt(0.5));
        Assert.Equal((BidSlotFlags.Paused, long.MaxValue), (Slot(c).Flags, Slot(c).DeadTicks));
        int version = Slot(c).Version;
        DecideAt(1);
        Assert.Equal(version, Slot(c).Version);
        _bench.Book.Upsert(Bench.Campaign() with { Version = 3 });
        Assert.Single(DecideAt(1.5));
        Assert.Equal(BidSlotFlags.None, Slot(c).Flags);
        Assert.True(Slot(c).Version > version);
    }

    [Fact]
    public void A_campaign_paused_from_the_start_says_so()
    {
        int c = _bench.Book.Upsert(Bench.Campaign() with { Status = CampaignStatus.Paused });
        Assert.Empty(DecideAt(0));
        Assert.Equal(BidSlotFlags.Paused, Slot(c).Flags);
    }

    [Fact]
    public void Outside_its_flight_a_campaign_is_off_schedule()
    {
        var schedule = new Schedule { FlightStart = Bench.Midnight.UtcDateTime.AddHours(1) };
        int c = _bench.Open(Bench.Campaign() with { Schedule = schedule });
        Assert.Empty(DecideAt(0));
        Assert.Equal(BidSlotFlags.OffSchedule, Slot(c).Flags);
        Assert.Single(DecideAt(1));
        Assert.Equal(BidSlotFlags.None, Slot(c).Flags);
    }

    [Fact]
    public void Outside_its_hours_it_is_decided_but_does_not_bid()
    {
        int c = _bench.Open(Bench.Campaign() with { Schedule = new Schedule { Hours = [1] } });
        Assert.Equal(["schedule"], Assert.Single(DecideAt(0.5)).Reasons);
        Assert.Equal(BidSlotFlags.OffSchedule, Slot(c).Flags);
        Assert.Empty(Assert.Single(DecideAt(1)).Reasons);
        Assert.Equal(BidSlotFlags.None, Slot(c).Flags);
    }

    [Fact]
    public void A_spent_budget_stops_the_bids()
    {
        int c = _bench.Open(Bench.Campaign());
        _bench.Apply(Bench.Foreign("f", 100_000_000_000, bidHours: 0), nowHours: 0);
        Assert.Equal(["budget"], Assert.Single(DecideAt(0)).Reasons);
        Assert.Equal(BidSlotFlags.OutOfBudget, Slot(c).Flags);
        Assert.Equal(0.05 * 20, Slot(c).BidPerValue, 9);
    }

    [Fact]
    public void The_row_of_a_closed_step_is_published_once_with_the_first_decision_after_it()
    {
        _bench.Open(Bench.Campaign());
        Assert.Empty(DecideAt(0)[0].Row);
        _bench.Apply(Bench.Foreign("f", 8_000_000_000, bidHours: 0.1), nowHours: 0.1);
        // A live tick comes a little after the step's start, never exactly at it.
        IReadOnlyList<float> row = DecideAt(0.5001)[0].Row;
        Assert.Equal((16, 8f), (row.Count, row[8]));
        Assert.Empty(DecideAt(0.7)[0].Row);
        Assert.Equal(0, DecideAt(1.0001)[0].Row[8]);
        _bench.Apply(Bench.Foreign("g", 3_000_000_000, bidHours: 23.8), nowHours: 23.8);
        DecideAt(23.9);
        // The last row of a day comes with the first decision of the next.
        DecisionRecord first = DecideAt(24.001)[0];
        Assert.Equal((20250603, 0, 1f), (first.Day, first.Step, first.Row[14]));
        Assert.Empty(DecideAt(24.2)[0].Row);
    }

    [Fact]
    public void An_unknown_policy_falls_back_and_says_why()
    {
        _bench.Open(Bench.Campaign(policy: "gave"));
        DecisionRecord record = Assert.Single(DecideAt(0));
        Assert.Equal(("gave", "safe", "no-model", 1.0), (record.Policy, record.FallbackStep, record.FallbackReason, record.Multiplier));
    }

    [Fact]
    public void A_cold_start_is_marked()
    {
        _bench.Open(Bench.Campaign(policy: "mpc") with { AccountConstant = 1.3 });
        DecisionRecord record = Assert.Single(DecideAt(0));
        Assert.Equal(["cold-start"], record.Reasons);
        Assert.Equal(1.3, record.Multiplier);
    }

    [Fact]
    public void A_tick_moves_a_multiplier_by_at_most_a_factor_of_two()
    {
        int c = _bench.Open(Bench.Campaign() with { AccountConstant = 0.5 });
        DecideAt(0);
        _bench.Book.Upsert(Bench.Campaign() with { Version = 2, AccountConstant = 3 });
        Assert.Equal(["step"], DecideAt(0.1)[0].Reasons);
        Assert.Equal(20, Slot(c).BidPerValue, 9);
        DecideAt(0.2);
        Assert.Equal(40, Slot(c).BidPerValue, 9);
        DecideAt(0.3);
        Assert.Equal(60, Slot(c).BidPerValue, 9);
    }

    [Fact]
    public void Equal_inputs_give_equal_decisions()
    {
        using var other = new Bench();
        foreach (Bench bench in new[] { _bench, other })
            foreach (string policy in new[] { "mpc", "pid", "constant" }) bench.Open(Bench.Campaign("c-" + policy, policy));
        for (double t = 0; t < 3; t += 0.5)
        {
            var a = DecideAt(t);
            for (int c = 0; c < 3; c++)
            {
                other.Closer.Advance(c, Bench.At(t));
                other.Closer.ShowOpenRow(c, Bench.At(t));
            }

            var b = other.Decider.Decide(Bench.At(t), false);
            Assert.Equal(a.Select(r => (r.CampaignId, r.Multiplier, r.RawMultiplier)), b.Select(r => (r.CampaignId, r.Multiplier, r.RawMultiplier)));
        }
    }
}
