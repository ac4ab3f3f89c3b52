using AutoBid.Engine.Leases;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Engine.Tests.Leases;

/// <summary>Bills that another node settled, and what the store says of a lease, against a store and an exchange that know the truth.</summary>
public sealed class LeaseOutcomeTests
{
    private const long Now = 1000;
    private const long Never = long.MaxValue;

    private readonly LeaseDesk _desk = new();

    public LeaseOutcomeTests()
    {
        _desk.EnsureCapacity(1);
        _desk.Grant(0, 7, 20250101, 100, Never, 1);
    }

    private LeaseView View => _desk.Look(0);

    private long Hold(long price, long hold = 10)
    {
        Assert.True(_desk.TryHold(0, price, Now, hold, out HeldBid held));
        return held.Seq;
    }

    [Fact]
    public void A_bill_ends_its_hold_and_returns_the_rest_once()
    {
        long seq = Hold(30);
        Assert.True(_desk.TryBill(7, seq, 20));
        Assert.Equal((80, 20, 0L), (View.HeadroomNanos, View.SettledNanos, View.HeldNanos));
        Assert.False(_desk.TryBill(7, seq, 20));
        Assert.Equal(80, View.HeadroomNanos);
        Assert.Equal(0, _desk.EndHold(7, seq));
        Assert.False(_desk.TryBill(7, seq + 1, 20));
        Assert.False(_desk.TryBill(7, -1, 20));
        Assert.False(_desk.TryBill(8, 0, 20));
        Assert.Throws<ArgumentOutOfRangeException>(() => _desk.TryBill(7, seq, -1));
    }

    [Fact]
    public void A_bill_above_its_hold_or_after_it_takes_from_headroom()
    {
        long dear = Hold(30), late = Hold(30);
        Assert.True(_desk.TryBill(7, dear, 35));
        Assert.Equal((35, 35), (View.HeadroomNanos, View.SettledNanos));
        Assert.Equal(1, _desk.Sweep(0, Now + 10));
        Assert.Equal(65, View.HeadroomNanos);
        Assert.True(_desk.TryBill(7, late, 25));
        Assert.Equal((40, 60), (View.HeadroomNanos, View.SettledNanos));
        Assert.False(_desk.TryBill(7, late, 25));
    }

    [Fact]
    public void What_a_bill_finds_no_headroom_for_is_kept_back_from_what_returns()
    {
        long late = Hold(50);
        Assert.Equal(1, _desk.Sweep(0, Now + 10));
        long open = Hold(90, 1000);
        Assert.True(_desk.TryBill(7, late, 50));
        Assert.Equal((0, 10, 90L), (View.HeadroomNanos, View.SettledNanos, View.HeldNanos));
        _desk.GiveBack(7, _desk.EndHold(7, open));
        Assert.Equal((50, 10, 40), (View.HeadroomNanos, View.SettledNanos, View.KeptNanos));
    }

    [Fact]
    public void Unheard_of_settlements_are_kept_back_until_they_are_heard_of()
    {
        long lost = Hold(30), other = Hold(20);
        // The store settled the lost one's bill; its outcome does not come.
        _desk.Reconcile(7, 100, 30);
        Assert.Equal((20, 30, 50L), (View.HeadroomNanos, View.KeptNanos, View.HeldNanos));
        Assert.Equal(2, _desk.Sweep(0, Now + 10));
        Assert.Equal((70, 30), (View.HeadroomNanos, View.KeptNanos));
        // It comes at last: counted against headroom until the store's figure explains it.
        Assert.True(_desk.TryBill(7, lost, 30));
        Assert.Equal((40, 30, 30), (View.HeadroomNanos, View.SettledNanos, View.KeptNanos));
        _desk.Reconcile(7, 100, 30);
        Assert.Equal((70, 30, 0), (View.HeadroomNanos, View.SettledNanos, View.KeptNanos));
        Assert.Equal(0, _desk.EndHold(7, other));
    }

    [Fact]
    public void A_grant_whose_answer_was_lost_is_found_and_one_that_the_store_forgot_is_kept_back()
    {
        _desk.Reconcile(7, 150, 0);
        Assert.Equal((150, 150), (View.HeadroomNanos, View.GrantedNanos));
        _desk.Reconcile(7, 120, 0);
        Assert.Equal((120, 30), (View.HeadroomNanos, View.KeptNanos));
        _desk.Reconcile(99, 5, 5);
    }

    [Fact]
    public void What_is_settled_here_and_not_yet_committed_is_not_taken_for_heard_of()
    {
        long seq = Hold(40);
        _desk.Settle(7, _desk.EndHold(7, seq));
        // The store knows of 40 others and not of these.
        _desk.Reconcile(7, 100, 40, pendingNanos: 40);
        Assert.Equal((20, 40), (View.HeadroomNanos, View.KeptNanos));
    }

    [Fact]
    public void Money_settled_by_the_store_is_never_bid_again_whatever_outcomes_are_lost_or_doubled()
        => Prop.ForAll(
                ArbMap.Default.ArbFor<byte>().Generator.Four().ListOf(200).ToArbitrary(),
                steps => new Model().Run(steps.Select(s => ((int)s.Item1, (int)s.Item2, (int)s.Item3, (int)s.Item4))))
            .Check(Checks.Config);

    /// <summary>The truth: which bids were made, what the store granted and settled, which outcomes are on their way.</summary>
    private sealed class Model
    {
        private readonly LeaseDesk _desk = new();
        private readonly List<(long Seq, long Price)> _open = [];
        private readonly List<(long Seq, long Price)> _underWay = [];
        private long _now = 1;
        private long _granted = 1000;
        private long _settled;
        private long _toldGranted = 1000;
        private long _toldSettled;

        public Model()
        {
            _desk.EnsureCapacity(1);
            _desk.Grant(0, 7, 20250101, _granted, Never, 1);
        }

        public bool Run(IEnumerable<(int Kind, int A, int B, int C)> steps)
        {
            foreach ((int kind, int a, int b, int c) in steps)
            {
                Step(kind % 12, a, b, c);
                Check();
            }

            return true;
        }

        private void Step(int kind, int a, int b, int c)
        {
            switch (kind)
            {
                case 0 or 1 or 2 or 3:
                    _desk.Tune(0, 0, 4);
                    if (_desk.TryHold(0, 1 + a, _now, 1 + b % 8, out HeldBid held)) _open.Add((held.Seq, 1 + a));
                    break;
                case 4 or 5 when _open.Count > 0:
                    // The owner's ledger settles a bill, whether its hold is open or not, as far as the lease has money; now and then above the bid.
                    (long seq, long price) = _open[a % _open.Count];
                    _open.RemoveAt(a % _open.Count);
                    long billed = Math.Min(b % 4 == 0 ? price + c : 1 + c % price, _granted - _settled);
                    if (billed <= 0) break;
                    _settled += billed;
                    for (int copies = c % 3; copies > 0; copies--) _underWay.Add((seq, billed));
                    break;
                case 6 or 7 when _underWay.Count > 0:
                    (seq, billed) = _underWay[a % _underWay.Count];
                    _underWay.RemoveAt(a % _underWay.Count);
                    _desk.TryBill(7, seq, billed);
                    break;
                case 8 when _open.Count > 0:
                    // A loss that the owner passes on: no bill will come.
                    _desk.GiveBack(7, _desk.EndHold(7, _open[a % _open.Count].Seq));
                    _open.RemoveAt(a % _open.Count);
                    break;
                case 9:
                    _now += 1 + a % 8;
                    _desk.Sweep(0, _now);
                    break;
                case 10:
                    _granted += a;
                    // The answer is lost now and then.
                    if (b % 3 > 0) _desk.Grant(0, 7, 20250101, a, Never, 1);
                    if (b % 3 > 0) _toldGranted += a;
                    if (b % 3 > 0 && _toldGranted < _granted) goto case 11;
                    break;
                case 11:
                    _desk.Reconcile(7, _granted, _settled);
                    (_toldGranted, _toldSettled) = (_granted, _settled);
                    break;
            }
        }

        private void Check()
        {
            LeaseView view = _desk.Look(0);
            long open = _desk.OpenNanos(7);
            Assert.Equal(_toldGranted, view.HeadroomNanos + open + view.SettledNanos + view.KeptNanos);
            Assert.Equal(open, view.HeldNanos);
            Assert.True(view.HeadroomNanos >= 0 && view.KeptNanos >= 0);
            Assert.True(
                view.HeadroomNanos == 0 || view.HeadroomNanos + open <= _toldGranted - _toldSettled,
                $"headroom {view.HeadroomNanos}, open {open}, granted {_toldGranted}, settled {_toldSettled}");
        }
    }
}
