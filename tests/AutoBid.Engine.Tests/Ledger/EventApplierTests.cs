using AutoBid.Core.Trajectories;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Ledger;

public sealed class EventApplierTests : IDisposable
{
    private const long Never = long.MaxValue;

    private readonly Bench _bench = new(new EngineOptions
    {
        Tick = TimeSpan.FromMinutes(30),
        Billing = new Dictionary<string, BillingChannel> { ["streamer"] = BillingChannel.Stream },
    });

    private readonly int _c;

    public EventApplierTests()
    {
        _c = _bench.Open(Bench.Campaign(), hours: 10);
        _bench.Leases.Grant(_c, 7, Bench.Day, 1000, Never, 1);
    }

    public void Dispose() => _bench.Dispose();

    private long Hold(long price, double hours = 10)
    {
        Assert.True(_bench.Leases.TryHold(_c, price, Bench.At(hours), TimeSpan.FromMinutes(5).Ticks, out var held));
        return held.Seq;
    }

    private StepAccumulator Open => _bench.Book.Open(_c);

    private long Headroom => _bench.Leases.Look(_c).HeadroomNanos;

    private readonly LedgerCommit _commit = new();

    /// <summary>Everything applied so far, as one commit.</summary>
    private LedgerCommit Commit()
    {
        LedgerCommit more = _bench.Pending.Take();
        foreach (LeaseSettlement s in more.Settlements)
        {
            int at = _commit.Settlements.FindIndex(known => known.LeaseId == s.LeaseId);
            if (at < 0) _commit.Settlements.Add(s);
            else _commit.Settlements[at] = s with { AmountNanos = s.AmountNanos + _commit.Settlements[at].AmountNanos };
        }

        _commit.OutsideBills.AddRange(more.OutsideBills);
        _commit.Adjustments.AddRange(more.Adjustments);
        _commit.Seen.AddRange(more.Seen);
        return _commit;
    }

    [Fact]
    public void A_bill_settles_its_hold_and_returns_the_rest()
    {
        long seq = Hold(100);
        Assert.Null(_bench.Apply(Bench.Bill(7, seq, 60)));
        Assert.Equal([new LeaseSettlement(7, 60)], Commit().Settlements);
        Assert.Empty(Commit().Adjustments);
        Assert.Equal(940, Headroom);
        Assert.Equal((60L, 0L, 60L, 60L), (_bench.Entry(_c).SpentNanos, _bench.Entry(_c).AdjustedNanos, Open.CostNanos, _bench.Entry(_c).StepSpentNanos));
        Assert.Equal(60, _bench.Leases.Look(_c).SettledNanos);
    }

    [Fact]
    public void A_price_above_the_hold_is_taken_from_headroom_and_only_then_adjusted()
    {
        long first = Hold(100), second = Hold(850);
        _bench.Apply(Bench.Bill(7, first, 140));
        Assert.Equal([new LeaseSettlement(7, 140)], Commit().Settlements);
        Assert.Equal(10, Headroom);
        _bench.Apply(Bench.Bill(7, second, 900));
        Assert.Equal([new LeaseSettlement(7, 990)], Commit().Settlements);
        Adjustment adjusted = Assert.Single(Commit().Adjustments);
        Assert.Equal((50L, "price-above-hold", Bench.Day), (adjusted.AmountNanos, adjusted.Cause, adjusted.Day));
        Assert.Equal((1040L, 50L), (_bench.Entry(_c).SpentNanos, _bench.Entry(_c).AdjustedNanos));
    }

    [Fact]
    public void A_win_after_its_hold_ended_is_an_adjustment()
    {
        long seq = Hold(100);
        _bench.Leases.Sweep(_c, Bench.At(11));
        _bench.Apply(Bench.Bill(7, seq, 60));
        Assert.Empty(Commit().Settlements);
        Assert.Equal("late-win", Assert.Single(Commit().Adjustments).Cause);
        Assert.Equal((1000L, 60L), (Headroom, _bench.Entry(_c).SpentNanos));
    }

    [Fact]
    public void A_foreign_bid_is_an_adjustment_and_an_unknown_lease_is_the_stores_affair()
    {
        _bench.Apply(Bench.Foreign("f1", 30));
        _bench.Apply(Bench.Bill(99, 0, 40));
        Assert.Equal("foreign-bid", Assert.Single(Commit().Adjustments).Cause);
        // What of the other one is an adjustment only the store can say.
        Assert.Equal((99L, 40L, Bench.Day), (Commit().OutsideBills[0].LeaseId, Commit().OutsideBills[0].Bill.AmountNanos, Commit().OutsideBills[0].Bill.Day));
        Assert.Equal((70L, 30L), (_bench.Entry(_c).SpentNanos, _bench.Entry(_c).AdjustedNanos));
        _bench.Applier.Listed([Commit().OutsideBills[0].Bill with { Cause = "late-win" }]);
        Assert.Equal((70L, 70L), (_bench.Entry(_c).SpentNanos, _bench.Entry(_c).AdjustedNanos));
        Assert.True(_bench.Entry(_c).IsDirty);
    }

    [Fact]
    public void A_loss_gives_its_hold_back_once()
    {
        long seq = Hold(100);
        EngineEvent loss = Bench.Bill(7, seq, 0) with { Kind = EventKind.Loss, Via = BillingChannel.Stream };
        _bench.Apply(loss);
        _bench.Apply(loss);
        _bench.Apply(loss with { Auction = "other" });
        Assert.Equal(1000, Headroom);
    }

    [Fact]
    public void A_duplicate_changes_nothing()
    {
        long seq = Hold(100);
        _bench.Apply(Bench.Bill(7, seq, 60));
        string hash = _bench.Hash();
        Assert.Null(_bench.Apply(Bench.Bill(7, seq, 60)));
        Assert.Null(_bench.Apply(Bench.Bill(7, seq, 99)));
        Assert.Equal(hash, _bench.Hash());
        Assert.Single(Commit().Seen);
    }

    [Fact]
    public void Only_the_billing_channel_settles_and_no_channel_hides_another()
    {
        long seq = Hold(100);
        EngineEvent bill = Bench.Bill(7, seq, 60);
        Assert.Null(_bench.Apply(bill with { Via = BillingChannel.Nurl }));
        Assert.Null(_bench.Apply(bill with { Via = BillingChannel.Stream }));
        Assert.Equal(0, _bench.Entry(_c).SpentNanos);
        Assert.Equal(0, _bench.Seen.Count);
        _bench.Apply(bill);
        Assert.Equal(60, _bench.Entry(_c).SpentNanos);
        // Another exchange names another source.
        _bench.Apply(Bench.Foreign("s", 5) with { Source = "streamer" });
        Assert.Equal(60, _bench.Entry(_c).SpentNanos);
        _bench.Apply(Bench.Foreign("s", 5) with { Source = "streamer", Via = BillingChannel.Stream });
        Assert.Equal(65, _bench.Entry(_c).SpentNanos);
    }

    [Fact]
    public void Unknown_campaigns_and_foreign_tenants_are_rejected_alike()
    {
        Assert.Equal("unknown-campaign", _bench.Apply(Bench.Foreign("f", 5) with { CampaignId = "nobody" }));
        Assert.Equal("unknown-campaign", _bench.Apply(Bench.Foreign("f", 5) with { TenantId = "t2" }));
        Assert.Equal((0L, 0L), (_bench.Seen.Count, _bench.Entry(_c).SpentNanos));
    }

    [Fact]
    public void What_is_older_than_the_dedupe_window_is_rejected_with_its_amount_untouched()
    {
        EngineEvent old = Bench.Foreign("f", 5, bidHours: -71.9);
        Assert.Equal("too-old", _bench.Apply(old, nowHours: 0.2));
        Assert.Null(_bench.Apply(old, nowHours: 0));
    }

    [Fact]
    public void Spend_of_a_closed_step_adds_to_the_day_and_to_the_late_column()
    {
        _bench.Apply(Bench.Foreign("f", 30, bidHours: 9.9));
        _bench.Apply(Bench.Foreign("g", 40, bidHours: 10.1));
        Assert.Equal((40L, 30L), (Open.CostNanos, Open.LateCostNanos));
        Assert.Equal((70L, 40L), (_bench.Entry(_c).SpentNanos, _bench.Entry(_c).StepSpentNanos));
        // Yesterday's bid belongs to yesterday.
        _bench.Apply(Bench.Foreign("h", 50, bidHours: -0.1));
        Assert.Equal(70, _bench.Entry(_c).SpentNanos);
        Assert.Equal([Bench.Day, Bench.Day, 20250601], Commit().Adjustments.Select(a => a.Day));
    }

    [Fact]
    public void A_bill_under_yesterdays_lease_belongs_to_yesterday_whether_or_not_it_says_so()
    {
        long seq = Hold(100);
        _bench.Closer.Advance(_c, Bench.At(24));
        Assert.Equal(20250603, _bench.Entry(_c).Day);
        EngineEvent bill = Bench.Bill(7, seq, 60, bidHours: 24.1) with { OriginTicks = 0 };
        _bench.Apply(bill, nowHours: 24.2);
        Assert.Equal([new LeaseSettlement(7, 60)], Commit().Settlements);
        Assert.Equal((0L, 0L), (_bench.Entry(_c).SpentNanos, Open.CostNanos));
    }

    [Fact]
    public void Conversions_count_when_they_arrive_and_late_ones_are_marked()
    {
        _bench.Apply(Bench.Conversion("k1", value: 3, clickHours: 10.1));
        _bench.Apply(Bench.Conversion("k2", value: 4, clickHours: 2));
        _bench.Apply(Bench.Conversion("k3", value: 5, clickHours: -30));
        _bench.Apply(Bench.Conversion("k3", value: 5, clickHours: -30));
        Assert.Equal((3L, 12_000_000L), (_bench.Entry(_c).Conversions, _bench.Entry(_c).ConversionValueMicros));
        Assert.Equal((3L, 2L), (Open.Conversions, Open.LateConversions));
        _bench.Apply(Bench.Conversion("k2", EventKind.Retract, revision: 2));
        _bench.Apply(Bench.Conversion("k1", EventKind.Restate, revision: 2, value: 1));
        _bench.Apply(Bench.Conversion("k1", EventKind.Restate, revision: 1, value: 9));
        Assert.Equal((2L, 6_000_000L), (_bench.Entry(_c).Conversions, _bench.Entry(_c).ConversionValueMicros));
        // The same id of another source is another conversion.
        _bench.Apply(Bench.Conversion("k1") with { Source = "sho", Auction = "pk1" });
        Assert.Equal(3, _bench.Entry(_c).Conversions);
    }

    [Fact]
    public void Signals_and_counts_reach_the_open_step_of_their_day_only()
    {
        _bench.Apply(Bench.Signal("s1", 1_000_000, 10_000_000, won: true));
        _bench.Apply(Bench.Signal("s2", 2_000_000, -1, won: true));
        _bench.Apply(Bench.Signal("s3", 2_000_000, 5_000_000, won: false));
        _bench.Apply(Bench.Signal("s4", 2_000_000, 5_000_000, won: true, hours: -1));
        _bench.Apply(Bench.Stats(3));
        _bench.Apply(Bench.Stats(3, hours: -2));
        StepAccumulator open = Open;
        Assert.Equal((2L, 2L, 2L, 3_000_000L), (open.Signals, open.Wins, open.Exposures, open.ValueWonE9));
        Assert.Equal((13L, 8L, 3000L, 1500L, 30_000L), (open.Impressions, open.Bids, open.SumValueE9, open.SumBidValueE9, open.SumBidNanos));
        Assert.Equal((8L, 2L, 3_000_000L), (_bench.Entry(_c).DayBids, _bench.Entry(_c).DayWins, _bench.Entry(_c).ValueWonE9));
    }

    [Fact]
    public void A_lease_pays_for_its_own_campaign_only()
    {
        int other = _bench.Open(Bench.Campaign("c2"), 10);
        long seq = Hold(100);
        _bench.Apply(Bench.Bill(7, seq, 60, campaign: "c2"));
        Assert.Empty(Commit().Settlements);
        Assert.Equal(("c2", "foreign-lease"), (Commit().Adjustments[0].CampaignId, Commit().Adjustments[0].Cause));
        _bench.Apply(Bench.Bill(7, seq, 0, campaign: "c2") with { Kind = EventKind.Loss });
        Assert.Equal(900, Headroom);
        Assert.Equal((0L, 60L), (_bench.Entry(_c).SpentNanos, _bench.Entry(other).SpentNanos));
        Assert.Equal(100, _bench.Leases.EndHold(7, seq));
    }

    [Fact]
    public void A_bill_of_a_lease_elsewhere_counts_on_the_leases_day_if_the_lease_is_its_campaigns()
    {
        _bench.Applier.Remember(new LeaseOwner(8, "t1", "c1", 20250601, "old"));
        _bench.Applier.Remember(new LeaseOwner(9, "t1", "c2", 20250601, "old"));
        _bench.Apply(Bench.Bill(8, 1, 70));
        _bench.Apply(Bench.Bill(9, 1, 30));
        Assert.Equal([(8L, 70L, 20250601), (9L, 30L, Bench.Day)], Commit().OutsideBills.Select(bill => (bill.LeaseId, bill.Bill.AmountNanos, bill.Bill.Day)));
        Assert.Empty(Commit().Settlements);
        // Yesterday's money is not today's spend.
        Assert.Equal((30L, 0L), (_bench.Entry(_c).SpentNanos, _bench.Entry(_c).AdjustedNanos));
        _bench.Applier.Listed([Commit().OutsideBills[0].Bill]);
        Assert.Equal(0, _bench.Entry(_c).AdjustedNanos);
    }

    [Fact]
    public void Whose_lease_it_is_must_be_asked_for_bills_of_leases_that_nobody_here_knows()
    {
        Assert.True(_bench.Applier.NeedsOwnerOf(Bench.Bill(8, 1, 70)));
        _bench.Applier.Remember(new LeaseOwner(8, "t1", "c1", Bench.Day, "old"));
        Assert.False(_bench.Applier.NeedsOwnerOf(Bench.Bill(8, 1, 70)));
        Assert.False(_bench.Applier.NeedsOwnerOf(Bench.Bill(7, 1, 70)));
        Assert.False(_bench.Applier.NeedsOwnerOf(Bench.Foreign("f", 70)));
        Assert.False(_bench.Applier.NeedsOwnerOf(Bench.Bill(9, 1, 0) with { Kind = EventKind.Loss }));
    }

    [Fact]
    public void A_correction_moves_the_day_and_never_below_zero()
    {
        _bench.Apply(Bench.Foreign("f", 100));
        Assert.Null(_bench.Apply(Bench.Refund("r1", 70)));
        Assert.Null(_bench.Apply(Bench.Refund("r1", 70)));
        Assert.Equal((30L, 30L), (_bench.Entry(_c).SpentNanos, Open.CostNanos));
        Assert.Equal("refund-above-spend", _bench.Apply(Bench.Refund("r2", 31)));
        Assert.Null(_bench.Apply(Bench.Refund("r3", 30)));
        Assert.Equal([100L, -70, -30], Commit().Adjustments.Select(a => a.AmountNanos));
        Assert.Equal("correction", Commit().Adjustments[1].Cause);
    }

    [Fact]
    public void A_refund_of_a_day_gone_by_needs_to_know_what_was_settled_then()
    {
        EngineEvent refund = Bench.Refund("r1", 40, bidHours: -5).Identified();
        Assert.Equal(20250601, _bench.Applier.NeedsSettledOf(refund, out int campaign));
        Assert.Equal("refund-above-spend", _bench.Apply(refund));
        _bench.Applier.KnowSettled(campaign, 20250601, 50);
        Assert.Null(_bench.Apply(refund));
        Assert.Equal("refund-above-spend", _bench.Apply(Bench.Refund("r2", 11, bidHours: -5)));
        Assert.Null(_bench.Apply(Bench.Refund("r3", 10, bidHours: -5)));
        Assert.Equal(0, _bench.Entry(_c).SpentNanos);
        Assert.Equal(0, _bench.Applier.NeedsSettledOf(Bench.Refund("r", 1), out _));
        Assert.Equal(0, _bench.Applier.NeedsSettledOf(Bench.Foreign("f", 1), out _));
    }

    [Fact]
    public void A_refund_of_a_day_that_the_ledger_may_forget_is_too_old()
    {
        // Days go after 40 days and two, and nothing is taken back of one in the two before that.
        int first = new LedgerRetention().FirstDay(Bench.At(10 + 48));
        Assert.Equal(20250423, first);
        foreach ((int day, string? rejection) in new (int, string?)[] { (20250422, "too-old"), (20250423, null) })
        {
            EngineEvent refund = Bench.Refund($"r{day}", 40) with { OriginTicks = new DateTime(2025, 4, day % 100, 12, 0, 0).Ticks, TimeTicks = Bench.At(9) };
            Assert.Equal(day, _bench.Applier.NeedsSettledOf(refund.Identified(), out int campaign));
            _bench.Applier.KnowSettled(campaign, day, 50);
            Assert.Equal(rejection, _bench.Apply(refund));
            // What comes twice is a duplicate, not a dead letter.
            if (rejection is null) Assert.Null(_bench.Apply(refund));
            Assert.Null(_bench.Apply(Bench.Foreign($"f{day}", 5) with { OriginTicks = refund.OriginTicks, TimeTicks = Bench.At(9) }));
        }

        Assert.Equal([(20250422, 5L), (20250423, -40L), (20250423, 5L)], Commit().Adjustments.Select(one => (one.Day, one.AmountNanos)));
    }

    [Fact]
    public void Settings_are_applied_when_newer()
    {
        EngineEvent Update(long version, decimal target) => new()
        {
            Kind = EventKind.Campaign,
            TenantId = "t1",
            CampaignId = "c1",
            Settings = Bench.Campaign() with { Version = version, Target = target },
            TimeTicks = Bench.At(10),
        };
        _bench.Apply(Update(3, 30));
        _bench.Apply(Update(2, 10));
        _bench.Apply(Update(3, 40));
        Assert.Equal(30, _bench.Entry(_c).Settings!.Target);
    }
}
