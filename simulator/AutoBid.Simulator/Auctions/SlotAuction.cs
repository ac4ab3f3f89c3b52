using AutoBid.Simulator.Random;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Auctions;

/// <summary>
/// Plays all auctions of one step at once: ranking, prices, exposure, and the over-cost re-runs (auction.md). Afterwards it answers per opportunity
/// who won what at which price. Not thread-safe; reused from step to step without allocation once it has seen the largest.
/// </summary>
public sealed class SlotAuction
{
    private readonly BidRanking _ranking = new();
    private readonly float[] _exposure = new float[AuctionRules.MostSlots];
    private float[] _exposureDraws = [];
    private ulong[] _priorities = [];
    private int[] _candidates = [];
    private bool[] _dirty = [];
    private AdvertiserTotals[] _totals = [];
    private TrafficStep _traffic = new();
    private BidMatrix _bids = new();

    public SlotAuction(AuctionRules rules)
    {
        rules.Check();
        Rules = rules;
        for (int slot = 0; slot < rules.Slots; slot++) _exposure[slot] = rules.Exposure[slot];
    }

    public AuctionRules Rules { get; }

    /// <summary>The four highest bids after the last re-run.</summary>
    public BidRanking Ranking => _ranking;

    /// <summary>Auctions run again because somebody could not pay.</summary>
    public int Reruns { get; private set; }

    public int Opportunities => _bids.Opportunities;

    /// <summary>Per advertiser totals of the step.</summary>
    public Span<AdvertiserTotals> Totals => _totals.AsSpan(0, _bids.Advertisers);

    /// <summary>
    /// Runs the step. Rows of advertisers with too little left are set to 0 in <paramref name="bids"/>, and so are the bids dropped for lack of budget:
    /// afterwards the matrix holds the logged bids.
    /// </summary>
    /// <param name="left">Remaining budget per advertiser, account currency. Nobody's exposed cost exceeds it.</param>
    /// <param name="draws">Exposure and drop priorities; re-runs see the same draws.</param>
    public void Run(TrafficStep traffic, BidMatrix bids, ReadOnlySpan<double> left, StepDraws draws)
    {
        if (traffic.Opportunities != bids.Opportunities || traffic.Advertisers != bids.Advertisers || left.Length != bids.Advertisers)
            throw new ArgumentException("Traffic, bids and budgets must have the same advertisers and opportunities.");
        (_traffic, _bids) = (traffic, bids);
        Prepare(draws.Stream(0, DrawPurpose.Exposure));
        for (int advertiser = 0; advertiser < bids.Advertisers; advertiser++)
        {
            if (!(left[advertiser] >= Rules.SmallestBudget)) bids.Row(advertiser).Clear();
        }

        _ranking.RankAll(bids);
        Settle();
        Reruns = 0;
        while (DropOverCost(left, draws))
        {
            for (int opportunity = 0; opportunity < Opportunities; opportunity++)
            {
                if (!_dirty[opportunity]) continue;
                _ranking.RankOne(bids, opportunity);
                _dirty[opportunity] = false;
            }

            Settle();
            Reruns++;
        }
    }

    /// <summary>Winner and price of a slot; false when it is unsold. The price is charged only when <see cref="IsExposed"/>.</summary>
    public bool TryGetSale(int opportunity, int slot, out int advertiser, out float price)
    {
        float bid = _ranking.Bids(slot)[opportunity];
        advertiser = _ranking.Advertisers(slot)[opportunity];
        price = Price(bid, _ranking.Bids(slot + 1)[opportunity], out bool sold);
        return sold;
    }

    /// <summary>Whether a sold slot was seen.</summary>
    public bool IsExposed(int opportunity, int slot) => _exposureDraws[opportunity] < _exposure[slot];

    /// <summary>The log's column: the bid that just missed the slots (own bid included), at least the reserve.</summary>
    public float LeastWinningCost(int opportunity) => Math.Max(_ranking.Bids(Rules.Slots)[opportunity], Rules.Reserve);

    /// <summary>What this advertiser had to bid to win a slot: the k-th highest of the others' bids (k slots), at least the reserve.</summary>
    public float MinimumToWin(int opportunity, int advertiser)
    {
        for (int rank = 0; rank < Rules.Slots; rank++)
        {
            if (_ranking.Advertisers(rank)[opportunity] == advertiser) return LeastWinningCost(opportunity);
        }

        return Math.Max(_ranking.Bids(Rules.Slots - 1)[opportunity], Rules.Reserve);
    }

    private float Price(float bid, float next, out bool sold)
    {
        float reserve = Rules.Reserve;
        if (Rules.Pricing == AuctionPricing.FirstPrice)
        {
            sold = bid > 0 && (bid > reserve || (Rules.SellsAtReserve && bid == reserve));
            return bid;
        }

        float price = Math.Max(next, reserve);
        sold = bid > 0 && (price > reserve || (Rules.SellsAtReserve && bid >= reserve));
        return price;
    }

    private void Prepare(RandomStream exposure)
    {
        int opportunities = _bids.Opportunities;
        if (_exposureDraws.Length < opportunities)
        {
            _exposureDraws = new float[opportunities];
            _priorities = new ulong[opportunities];
            _candidates = new int[opportunities];
            _dirty = new bool[opportunities];
        }

        if (_totals.Length < _bids.Advertisers) _totals = new AdvertiserTotals[_bids.Advertisers];
        Array.Clear(_totals);
        exposure.FillUniforms(_exposureDraws.AsSpan(0, opportunities));
    }

    // Sums run in the order of opportunities and slots, in double: the same on every machine whatever its vector length.
    private void Settle()
    {
        Span<AdvertiserTotals> totals = Totals;
        for (int a = 0; a < totals.Length; a++) totals[a] = new AdvertiserTotals { Dropped = totals[a].Dropped };
        int slots = Rules.Slots;
        ReadOnlySpan<float> draws = _exposureDraws;
        for (int opportunity = 0; opportunity < Opportunities; opportunity++)
        {
            for (int slot = 0; slot < slots; slot++)
            {
                int advertiser = _ranking.Advertisers(slot)[opportunity];
                float price = Price(_ranking.Bids(slot)[opportunity], _ranking.Bids(slot + 1)[opportunity], out bool sold);
                if (!sold) break;
                ref AdvertiserTotals total = ref totals[advertiser];
                total.Wins++;
                total.WinsOfSlot[slot]++;
                if (!(draws[opportunity] < _exposure[slot])) continue;
                total.Exposures++;
                total.Cost += price;
                total.ValueWon += _traffic.Values(advertiser)[opportunity];
            }
        }
    }

    // Each round takes at least one win from every advertiser over its budget, so the rounds end.
    private bool DropOverCost(ReadOnlySpan<double> left, StepDraws draws)
    {
        bool any = false;
        Span<AdvertiserTotals> totals = Totals;
        for (int advertiser = 0; advertiser < totals.Length; advertiser++)
        {
            double cost = totals[advertiser].Cost;
            if (!(cost > left[advertiser])) continue;
            any = true;
            double ratio = (cost - left[advertiser]) / (cost + 1e-4);
            RandomStream priority = draws.Stream(advertiser, DrawPurpose.DropPriority);
            for (int slot = 0; slot < Rules.Slots; slot++) totals[advertiser].Dropped += DropWins(advertiser, slot, ratio, priority);
        }

        return any;
    }

    // The wins with the lowest priorities go: "at random", yet the same ones whatever the order of evaluation.
    private int DropWins(int advertiser, int slot, double ratio, RandomStream priority)
    {
        int count = 0;
        ReadOnlySpan<int> winners = _ranking.Advertisers(slot);
        for (int opportunity = 0; opportunity < winners.Length; opportunity++)
        {
            if (winners[opportunity] != advertiser || !TryGetSale(opportunity, slot, out _, out _)) continue;
            _candidates[count] = opportunity;
            _priorities[count++] = priority.Bits(opportunity);
        }

        int drop = (int)Math.Min(Math.Ceiling(ratio * count), count);
        if (drop == 0) return 0;
        Array.Sort(_priorities, _candidates, 0, count);
        Span<float> row = _bids.Row(advertiser);
        for (int i = 0; i < drop; i++)
        {
            row[_candidates[i]] = 0;
            _dirty[_candidates[i]] = true;
        }

        return drop;
    }
}
