using AutoBid.Engine.Leases;

namespace AutoBid.Engine.Tests.Leases;

public sealed class LeaseDeskTests
{
    private const long Now = 1_000_000;
    private const long Never = long.MaxValue;

    private readonly LeaseDesk _desk = new();

    public LeaseDeskTests() => _desk.EnsureCapacity(4);

    private HeldBid Hold(long price, long now = Now, long hold = 1000, int campaign = 0)
    {
        Assert.True(_desk.TryHold(campaign, price, now, hold, out HeldBid held));
        return held;
    }

    private long Headroom(int campaign = 0) => _desk.Look(campaign).HeadroomNanos;

    [Fact]
    public void Without_a_lease_nothing_is_held()
    {
        Assert.False(_desk.TryHold(0, 1, Now, 10, out _));
        Assert.Equal(default, _desk.Look(0));
        Assert.Equal(0, _desk.EndHold(7, 0));
        Assert.False(_desk.TryTake(7, 1));
        Assert.False(_desk.Knows(7));
    }

    [Fact]
    public void A_hold_takes_headroom_and_ends_once()
    {
        _desk.Grant(0, 7, 20250101, 100, Never, 1);
        HeldBid held = Hold(60);
        Assert.Equal((7L, 20250101), (held.LeaseId, held.Day));
        Assert.Equal(40, Headroom());
        Assert.False(_desk.TryHold(0, 41, Now, 10, out _));
        Assert.Equal(40, Headroom());
        Assert.Equal(60, _desk.EndHold(7, held.Seq));
        Assert.Equal(0, _desk.EndHold(7, held.Seq));
        _desk.GiveBack(7, 60);
        Assert.Equal(100, Headroom());
        Assert.Equal(0, _desk.EndHold(7, 99));
        Assert.Equal(0, _desk.EndHold(7, -1));
    }

    [Fact]
    public void A_lease_stops_at_its_instant_and_a_renewal_never_moves_it_back()
    {
        _desk.Grant(0, 7, 20250101, 100, Now + 10, 1);
        Assert.True(_desk.TryHold(0, 1, Now + 9, 10, out _));
        Assert.False(_desk.TryHold(0, 1, Now + 10, 10, out _));
        _desk.Grant(0, 7, 20250101, 0, Now + 20, 1);
        Assert.True(_desk.TryHold(0, 1, Now + 19, 10, out _));
        _desk.Grant(0, 7, 20250101, 0, Now + 5, 1);
        Assert.True(_desk.TryHold(0, 1, Now + 19, 10, out _));
    }

    [Fact]
    public void A_grant_of_nothing_opens_no_lease()
    {
        _desk.Grant(0, 7, 20250101, 0, Never, 1);
        Assert.False(_desk.Knows(7));
    }

    [Fact]
    public void Expected_reservation_holds_a_share()
    {
        _desk.Grant(0, 7, 20250101, 1000, Never, 0.25f);
        Hold(400);
        Assert.Equal(900, Headroom());
        // Never nothing: a hold of 0 would look ended.
        Hold(1);
        Assert.Equal(899, Headroom());
        Assert.True(_desk.TryTake(7, 899));
        Assert.False(_desk.TryTake(7, 1));
    }

    [Fact]
    public void Holds_that_are_due_are_given_back_and_no_others()
    {
        _desk.Grant(0, 7, 20250101, 100, Never, 1);
        HeldBid late = Hold(10, hold: 1000), soon = Hold(20, hold: 10), middle = Hold(30, hold: 500);
        Assert.Equal(0, _desk.Sweep(0, Now + 9));
        Assert.Equal(1, _desk.Sweep(0, Now + 10));
        Assert.Equal(60, Headroom());
        Assert.Equal(0, _desk.EndHold(7, soon.Seq));
        Assert.Equal(1, _desk.Sweep(0, Now + 500));
        Assert.Equal(0, _desk.Sweep(0, Now + 999));
        Assert.Equal(0, _desk.EndHold(7, middle.Seq));
        Assert.Equal(10, _desk.EndHold(7, late.Seq));
    }

    [Fact]
    public void Without_free_cells_a_bid_is_refused_and_its_money_returned()
    {
        _desk.Grant(0, 7, 20250101, 1_000, Never, 1);
        for (int i = 0; i < LeaseDesk.FewestCells; i++) Hold(1);
        long before = Headroom();
        Assert.False(_desk.TryHold(0, 1, Now, 10, out _));
        Assert.Equal(before, Headroom());
        Assert.Equal(0, _desk.Look(0).FreeCells);
        Assert.Equal(before, _desk.Tune(0, 0, 1));
        Assert.Equal(LeaseDesk.FewestCells, Hold(1).Seq);
        Assert.Equal(HoldSlab.SegmentCells - 1, _desk.Look(0).FreeCells);
    }

    [Fact]
    public void Cells_that_are_added_keep_open_and_ended_holds_apart()
    {
        _desk.Grant(0, 7, 20250101, 1_000_000, Never, 1);
        const int Bids = 1000;
        _desk.Tune(0, 0, Bids);
        HeldBid[] held = [.. Enumerable.Range(0, Bids).Select(i => Hold(i + 1))];
        foreach (int ended in new[] { 3, 4, 17, 990 }) Assert.Equal(ended + 1, _desk.EndHold(7, held[ended].Seq));
        // The directory grows many times over.
        _desk.Tune(0, 0, 100 * Bids);
        Assert.Equal(Bids * (Bids + 1) / 2 - (4 + 5 + 18 + 991), _desk.OpenNanos(7));
        foreach (int ended in new[] { 3, 4, 17, 990 }) Assert.Equal(0, _desk.EndHold(7, held[ended].Seq));
        foreach (int i in Enumerable.Range(0, Bids).Reverse())
            if (i is not (3 or 4 or 17 or 990)) Assert.Equal(i + 1, _desk.EndHold(7, held[i].Seq));
        _desk.Retire(0);
        var closed = new List<long>();
        _desk.CollectRetired(0, Now, closed);
        Assert.Equal([7L], closed);
    }

    [Fact]
    public void A_retired_lease_bids_no_more_keeps_its_holds_and_is_collected_when_they_end()
    {
        _desk.Grant(0, 7, 20250101, 100, Never, 1);
        HeldBid first = Hold(10), second = Hold(20, hold: 50);
        _desk.Retire(0);
        Assert.False(_desk.TryHold(0, 1, Now, 10, out _));
        Assert.Equal(default, _desk.Look(0));
        var closed = new List<long>();
        _desk.CollectRetired(0, Now, closed);
        Assert.Empty(closed);
        _desk.Grant(0, 8, 20250102, 500, Never, 1);
        Assert.Equal(8, Hold(5).LeaseId);
        Assert.Equal(10, _desk.EndHold(7, first.Seq));
        Assert.Equal(1, _desk.Sweep(0, Now + 50));
        _desk.CollectRetired(0, Now, closed);
        Assert.Equal([7L], closed);
        Assert.False(_desk.Knows(7));
        Assert.Equal(0, _desk.EndHold(7, second.Seq));
        Assert.Equal(8, _desk.Look(0).LeaseId);
    }

    [Fact]
    public void A_grant_to_a_retired_lease_revives_it_with_what_lay_idle()
    {
        _desk.Grant(0, 7, 20250101, 100, Never, 1);
        HeldBid first = Hold(10), second = Hold(20);
        _desk.Retire(0);
        _desk.GiveBack(7, _desk.EndHold(7, first.Seq));
        Assert.False(_desk.TryHold(0, 1, Now, 10, out _));
        Assert.True(_desk.Grant(0, 7, 20250101, 1000, Never, 1));
        Assert.Equal((1080, 20L), (Headroom(), _desk.Look(0).HeldNanos));
        Assert.Equal(2, Hold(1).Seq);
        Assert.Equal(20, _desk.EndHold(7, second.Seq));
    }

    [Fact]
    public void A_lease_that_was_handed_out_to_be_closed_takes_no_more_grants()
    {
        _desk.Grant(0, 7, 20250101, 100, Never, 1);
        _desk.Retire(0);
        var closed = new List<long>();
        _desk.CollectRetired(0, Now, closed);
        Assert.False(_desk.Grant(0, 7, 20250101, 50, Never, 1));
        Assert.False(_desk.TryHold(0, 1, Now, 10, out _));
        Assert.True(_desk.Grant(0, 8, 20250101, 50, Never, 1));
        Assert.Equal(50, Headroom());
    }

    [Fact]
    public void A_retired_lease_that_another_days_has_followed_stays_retired()
    {
        _desk.Grant(0, 7, 20250101, 100, Never, 1);
        Hold(10);
        _desk.Retire(0);
        _desk.Grant(0, 8, 20250102, 200, Never, 1);
        Assert.True(_desk.Grant(0, 7, 20250101, 1000, Never, 1));
        Assert.Equal((8, 200), (_desk.Look(0).LeaseId, Headroom()));
    }

    [Fact]
    public void A_revoked_lease_bids_no_more()
    {
        _desk.Grant(0, 7, 20250101, 100, Never, 1);
        _desk.Grant(1, 8, 20250101, 100, Never, 1);
        _desk.Revoke(7);
        _desk.Revoke(99);
        Assert.False(_desk.TryHold(0, 1, Now, 10, out _));
        Assert.Equal(8, Hold(1, campaign: 1).LeaseId);
        var closed = new List<long>();
        _desk.CollectRetired(0, Now, closed);
        Assert.Equal([7L], closed);
    }

    [Fact]
    public void Cells_and_accounts_of_closed_leases_come_back_clean()
    {
        var closed = new List<long>();
        long now = Now;
        for (int lease = 1; lease <= 50; lease++)
        {
            _desk.Grant(0, lease, 20250101, 1000, Never, 1);
            _desk.Tune(0, 0, 100);
            for (int i = 0; i < 20; i++) Hold(2, now: now, hold: 10);
            Assert.Equal(1000 - 40, Headroom());
            Assert.Equal(20, _desk.Sweep(0, now + 10));
            _desk.Retire(0);
            now += TimeSpan.FromHours(2).Ticks;
            _desk.CollectRetired(0, now, closed);
        }

        Assert.Equal(Enumerable.Range(1, 50).Select(i => (long)i), closed);
    }

    [Fact]
    public void A_lease_knows_its_campaign_and_day()
    {
        _desk.Grant(2, 7, 20250101, 100, Never, 1);
        Assert.True(_desk.TryFind(7, out int campaign, out int day));
        Assert.Equal((2, 20250101), (campaign, day));
        Assert.False(_desk.TryFind(8, out campaign, out _));
        Assert.Equal(-1, campaign);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.6)]
    public void An_open_hold_takes_at_most_48_bytes_in_the_steady_state_and_a_burst_gives_its_cells_back(double endedEarly)
    {
        _desk.Grant(0, 7, 20250101, long.MaxValue / 2, Never, 1);
        var random = new Random(3);
        var early = new Queue<long>();
        int open = 0;
        // 300 seconds of holds at 1,000 bids a second; some are ended by notices a second later, the rest by time.
        for (int second = 0; second < 900; second++)
        {
            while (early.TryDequeue(out long seq)) _desk.GiveBack(7, _desk.EndHold(7, seq));
            open -= _desk.Sweep(0, second);
            for (int i = 0; i < 1000; i++)
            {
                if (i % 100 == 0) _desk.Tune(0, 0, 400);
                HeldBid held = Hold(1, now: second, hold: 300);
                if (random.NextDouble() < endedEarly) early.Enqueue(held.Seq);
                else open++;
            }
        }

        Assert.InRange(open, 100_000, 300_000);
        long bytes = _desk.HoldBytes;
        Assert.InRange(bytes / (double)open, 16, 48);
        // What the burst took serves others.
        while (early.TryDequeue(out long seq)) _desk.GiveBack(7, _desk.EndHold(7, seq));
        Assert.Equal(open, _desk.Sweep(0, 1300));
        _desk.Grant(1, 8, 20250101, long.MaxValue / 4, Never, 1);
        _desk.Tune(1, 0, 100_000);
        for (int i = 0; i < 100_000; i++) Hold(1, campaign: 1);
        Assert.InRange(_desk.HoldBytes, 0, bytes * 1.05);
    }

    [Fact]
    public void Holding_and_ending_allocate_nothing()
    {
        _desk.Grant(0, 7, 20250101, 1_000_000, Never, 1);
        void Round()
        {
            _desk.Tune(0, 1_000_000, 1000);
            for (int i = 0; i < 1000; i++)
            {
                Assert.True(_desk.TryHold(0, 3, Now, 10, out HeldBid held));
                _desk.GiveBack(7, _desk.EndHold(7, held.Seq));
            }
        }

        Round();
        Round();
        Assert.Equal(0, Allocations.Of(Round));
    }
}
