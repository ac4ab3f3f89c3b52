using AutoBid.Core.Guarding;
using AutoBid.Core.Time;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Leases;

namespace AutoBid.Engine.Tests.Bidding;

public sealed class BidDeskTests
{
    private const long Now = 1_000_000;

    private readonly BidSlotTable _slots = new();
    private readonly LeaseDesk _leases = new();
    private readonly BidCounters _counters = new();
    private readonly BidDesk _desk;

    public BidDeskTests()
    {
        _slots.EnsureCapacity(2);
        _leases.EnsureCapacity(2);
        _counters.EnsureCapacity(2);
        _desk = new BidDesk(_slots, _leases, _counters);
        _leases.Grant(0, 5, 20250101, 1_000_000_000, long.MaxValue, 1);
        _slots.Publish(0, Slot());
    }

    private static BidSlot Slot() => new()
    {
        BidPerValue = 100,
        SafeBidPerValue = 60,
        FloorNanos = 1_000_000,
        CapNanos = 80_000_000,
        ExpiresTicks = Now + 100,
        DeadTicks = Now + 200,
        Version = 1,
    };

    private BidOffer Decide(double value = 0.0005, long floor = 0, bool deal = false, long now = Now) => _desk.Decide(new BidQuery(0, value, floor, deal), EngineInstant.Of(now), 1000);

    [Fact]
    public void A_bid_is_multiplier_times_value_and_holds_its_price()
    {
        BidOffer offer = Decide();
        Assert.Equal((50_000_000L, GuardReasons.None, true), (offer.PriceNanos, offer.Reasons, offer.IsBid));
        Assert.Equal((5L, 0L, 20250101), (offer.Held.LeaseId, offer.Held.Seq, offer.Held.Day));
        Assert.Equal(950_000_000, _leases.Look(0).HeadroomNanos);
        BidTotals counted = _counters.Read(0);
        Assert.Equal((1L, 500_000L, 1L, 500_000L, 50_000_000L), (counted.Opportunities, counted.ValueE9, counted.Bids, counted.BidValueE9, counted.BidNanos));
    }

    [Theory]
    [InlineData(0.001, 0, false, 80_000_000, GuardReasons.Cap)]
    [InlineData(0.000001, 0, false, 0, GuardReasons.Floor)]
    [InlineData(0.0005, 50_000_001, false, 0, GuardReasons.Floor)]
    [InlineData(0.0005, 50_000_001, true, 0, GuardReasons.DealFloor)]
    public void Floors_and_cap(double value, long floor, bool deal, long price, GuardReasons reason)
    {
        BidOffer offer = Decide(value, floor, deal);
        Assert.Equal((price, reason), (offer.PriceNanos, offer.Reasons));
        Assert.Equal(price > 0 ? 1 : 0, _counters.Read(0).Bids);
        Assert.Equal(1, _counters.Read(0).Opportunities);
    }

    [Fact]
    public void An_expired_slot_bids_the_safe_multiplier_and_a_dead_one_nothing()
    {
        Assert.Equal((30_000_000L, GuardReasons.StaleMultiplier), (Decide(now: Now + 100).PriceNanos, Decide(now: Now + 199).Reasons));
        BidOffer dead = Decide(now: Now + 200);
        Assert.Equal((0L, GuardReasons.StaleMultiplier), (dead.PriceNanos, dead.Reasons));
        // A campaign that bids below its safe multiplier is not raised by losing its slot.
        _slots.Publish(0, Slot() with { BidPerValue = 20, Version = 2 });
        Assert.Equal(10_000_000, Decide(now: Now + 150).PriceNanos);
    }

    [Fact]
    public void A_slot_never_published_bids_nothing()
    {
        BidOffer offer = _desk.Decide(new BidQuery(1, 0.0005, 0, false), EngineInstant.Of(Now), 10);
        Assert.Equal((0L, GuardReasons.StaleMultiplier), (offer.PriceNanos, offer.Reasons));
    }

    [Theory]
    [InlineData(BidSlotFlags.Paused, GuardReasons.Paused)]
    [InlineData(BidSlotFlags.OffSchedule, GuardReasons.Schedule)]
    [InlineData(BidSlotFlags.OutOfBudget, GuardReasons.Budget)]
    [InlineData(BidSlotFlags.OutOfBudget | BidSlotFlags.Paused, GuardReasons.Paused)]
    public void A_flagged_slot_bids_nothing_and_says_why(BidSlotFlags flags, GuardReasons reason)
    {
        _slots.Publish(0, Slot() with { Flags = flags, Version = 2 });
        BidOffer offer = Decide();
        Assert.Equal((0L, reason), (offer.PriceNanos, offer.Reasons));
        Assert.Equal(1, _counters.Read(0).Opportunities);
    }

    [Fact]
    public void Used_up_headroom_is_reason_lease_and_the_opportunity_still_counts()
    {
        Assert.True(_leases.TryTake(5, 960_000_000));
        BidOffer offer = Decide();
        Assert.Equal((0L, GuardReasons.Lease), (offer.PriceNanos, offer.Reasons));
        BidTotals counted = _counters.Read(0);
        Assert.Equal((1L, 0L), (counted.Opportunities, counted.Bids));
        // Refused bids are demand: counted, and the campaign marked.
        Assert.Equal((1L, 50_000_000L), (counted.Refusals, counted.RefusedNanos));
        var wanted = new List<int>();
        _leases.TakeWanted(wanted);
        Assert.Equal([0], wanted);
    }

    [Fact]
    public void The_bid_path_allocates_nothing()
    {
        void Round()
        {
            _leases.Tune(0, 0, 500);
            for (int i = 0; i < 500; i++)
            {
                BidOffer offer = Decide();
                _leases.GiveBack(5, _leases.EndHold(5, offer.Held.Seq));
                Decide(0.0005, 60_000_000, true);
            }
        }

        Round();
        Assert.Equal(0, Allocations.Of(Round));
    }
}
