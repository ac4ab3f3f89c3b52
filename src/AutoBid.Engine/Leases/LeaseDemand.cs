using AutoBid.Engine.Bidding;

namespace AutoBid.Engine.Leases;

/// <summary>
/// What this node itself wants to bid for one campaign, from its own counters: the node that bids need not own the campaign's ledger. Refused bids count.
/// Instants are on the clock of leases. Owned by the refiller.
/// </summary>
internal struct LeaseDemand
{
    public const int BidsPerLease = 20;
    public const double SecondsPerLease = 2;

    /// <summary>No due look.</summary>
    public const long Never = long.MaxValue;

    private const int LargestBoost = 16;

    /// <summary>Rates are taken over at least this long: shorter spans tell more of chance than of demand.</summary>
    private static readonly long ShortestSpan = TimeSpan.TicksPerSecond / 10;

    /// <summary>A rate rises at once and falls over this time, so that a lull does not starve what follows it.</summary>
    private static readonly long FallTicks = 5 * TimeSpan.TicksPerSecond;

    /// <summary>A boost that was enough for so long is halved.</summary>
    private static readonly long BoostTicks = 5 * TimeSpan.TicksPerSecond;

    /// <summary>What the store said was left ungranted at the last grant, nanos; -1: not asked since the budget was set.</summary>
    public long RemainingNanos;

    /// <summary>No more headroom is asked for before this instant: the last request was in vain.</summary>
    public long AskAgainTicks;

    /// <summary>Requests in vain since the last one that gave something.</summary>
    public int Denials;

    /// <summary>When the campaign is looked at without a mark; <see cref="Never"/>: only when marked.</summary>
    public long DueTicks;

    /// <summary>When this node last bid, or wanted to.</summary>
    public long WantedTicks;

    /// <summary>When its holds were last swept.</summary>
    public long SweptTicks;

    private BidTotals _looked;
    private BidTotals _measured;
    private long _measuredTicks;
    private long _boostedTicks;
    private int _boost;
    private long _meanBid;
    private double _nanosPerSecond;
    private double _bidsPerSecond;

    /// <summary>Cells for the bids of the time that a lease's money is cut for, twice.</summary>
    public readonly long Cells => Math.Max(LeaseDesk.FewestCells, (long)(2 * SecondsPerLease * _bidsPerSecond) << Math.Min(_boost, 4));

    /// <summary>Price of a bid; 0: nothing was bid yet.</summary>
    public readonly long MeanBid => _meanBid;

    /// <summary>Takes the counters in.</summary>
    /// <param name="growsOnRefusal">Off where a refused bid is refilled before it is answered: there a refusal tells of no shortage.</param>
    public void Observe(in BidTotals totals, long nowTicks, bool growsOnRefusal)
    {
        BidTotals looked = totals.Since(_looked);
        _looked = totals;
        if (looked.Bids + looked.Refusals > 0)
        {
            WantedTicks = nowTicks;
            _meanBid = (looked.BidNanos + looked.RefusedNanos) / (looked.Bids + looked.Refusals);
        }

        Boost(growsOnRefusal && looked.Refusals > 0, nowTicks);
        long span = nowTicks - _measuredTicks;
        if (_measuredTicks != 0 && span < ShortestSpan) return;
        BidTotals measured = totals.Since(_measured);
        _measured = totals;
        bool isFirst = _measuredTicks == 0;
        _measuredTicks = nowTicks;
        if (isFirst) return;
        double seconds = span / (double)TimeSpan.TicksPerSecond, fall = Math.Min(span / (double)FallTicks, 1);
        Follow(ref _nanosPerSecond, (measured.BidNanos + measured.RefusedNanos) / seconds, fall);
        Follow(ref _bidsPerSecond, (measured.Bids + measured.Refusals) / seconds, fall);
    }

    /// <summary>Headroom to have: 20 bids, 2 seconds of bids, or the smallest share of the day; doubled with each look that found bids refused.</summary>
    public readonly long Size(long smallestNanos)
    {
        double size = Math.Max(Math.Max((double)BidsPerLease * _meanBid, SecondsPerLease * _nanosPerSecond), Math.Max(smallestNanos, 1));
        return (long)Math.Min(size * (1L << _boost), long.MaxValue / 4);
    }

    private static void Follow(ref double rate, double seen, double fall) => rate = seen > rate ? seen : rate + (seen - rate) * fall;

    private void Boost(bool isShort, long nowTicks)
    {
        if (isShort) _boost = Math.Min(_boost + 1, LargestBoost);
        else if (_boost == 0 || nowTicks - _boostedTicks < BoostTicks) return;
        else _boost--;
        _boostedTicks = nowTicks;
    }
}
