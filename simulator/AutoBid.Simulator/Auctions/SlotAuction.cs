using AutoBid.Simulator.Random;
using AutoBid.Simulator.Threads;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Auctions;

/// <summary>
/// Plays all auctions of one step at once: ranking, prices, exposure, and the over-cost re-runs (auction.md). Afterwards it answers per opportunity
/// who won what at which price. Reused from step to step without allocation once it has seen the largest. One caller; the crew shares the work
/// block by block, and sums over blocks run in the order of blocks, so totals depend neither on the number of threads nor on vector length.
/// </summary>
public sealed class SlotAuction
{
    /// <summary>Opportunities of a block: the bids of 48 advertisers on it fit into a core's second-level cache.</summary>
    private const int Block = 1024;

    private readonly Crew _crew;
    private readonly BidRanking _ranking = new();
    private readonly float[] _exposure = new float[AuctionRules.MostSlots];
    private readonly Action<int, int> _fillAndRank;
    private readonly Action<int, int> _rankAndSettle;
    private readonly Action<int, int> _settleDirty;
    private float[] _exposureDraws = [];
    private ulong[] _priorities = [];
    private int[] _candidates = [];
    private bool[] _dirty = [];
    private bool[] _dirtyBlocks = [];
    private AdvertiserTotals[] _totals = [];
    private AdvertiserTotals[] _blockTotals = [];
    private double[] _blockLeastWinningCosts = [];
    private TrafficStep _traffic = new();
    private BidMatrix _bids = new();
    private float[] _bidPerValue = [];

    /// <param name="crew">Null: the caller's thread alone.</param>
    public SlotAuction(AuctionRules rules, Crew? crew = null)
    {
        rules.Check();
        Rules = rules;
        _crew = crew ?? new Crew(1);
        for (int slot = 0; slot < rules.Slots; slot++) _exposure[slot] = rules.Exposure[slot];
        _fillAndRank = FillAndRank;
        _rankAndSettle = RankAndSettle;
        _settleDirty = SettleDirty;
    }

    public AuctionRules Rules { get; }

    /// <summary>The four highest bids after the last re-run.</summary>
    public BidRanking Ranking => _ranking;

    /// <summary>Auctions run again because somebody could not pay.</summary>
    public int Reruns { get; private set; }

    public int Opportunities => _bids.Opportunities;

    /// <summary>Per advertiser totals of the step.</summary>
    public Span<AdvertiserTotals> Totals => _totals.AsSpan(0, _bids.Advertisers);

    /// <summary>Sum over opportunities of the log's leastWinningCost, account currency.</summary>
    public double SumLeastWinningCost { get; private set; }

    /// <summary>The uniform of each opportunity that decides which of its slots were seen.</summary>
    public ReadOnlySpan<float> ExposureDraws => _exposureDraws.AsSpan(0, Opportunities);

    private int Blocks => (Opportunities + Block - 1) / Block;

    /// <summary>Bids <paramref name="bidPerValue"/> x value for every advertiser, then runs the step as <see cref="Run"/> does.</summary>
    /// <param name="bidPerValue">By advertiser, account currency; set to 0 for those with too little left.</param>
    /// <param name="bids">Receives the bids that stood.</param>
    public void Play(TrafficStep traffic, float[] bidPerValue, BidMatrix bids, ReadOnlySpan<double> left, StepDraws draws)
    {
        bids.Resize(traffic.Advertisers, traffic.Opportunities);
        _bidPerValue = bidPerValue;
        RunFrom(_fillAndRank, traffic, bids, left, draws);
    }

    /// <summary>
    /// Runs the step. Rows of advertisers with too little left are set to 0 in <paramref name="bids"/>, and so are the bids dropped for lack of budget:
    /// afterwards the matrix holds the logged bids.
    /// </summary>
    /// <param name="left">Remaining budget per advertiser, account currency. Nobody's exposed cost exceeds it.</param>
    /// <param name="draws">Exposure and drop priorities; re-runs see the same draws.</param>
    public void Run(TrafficStep traffic, BidMatrix bids, ReadOnlySpan<double> left, StepDraws draws) => RunFrom(_rankAndSettle, traffic, bids, left, draws);

    private void RunFrom(Action<int, int> first, TrafficStep traffic, BidMatrix bids, ReadOnlySpan<double> left, StepDraws draws)
    {
        if (traffic.Opportunities != bids.Opportunities || traffic.Advertisers != bids.Advertisers || left.Length != bids.Advertisers)
            throw new ArgumentException("Traffic, bids and budgets must have the same advertisers and opportunities.");
        (_traffic, _bids) = (traffic, bids);
        Prepare(draws.Stream(0, DrawPurpose.Exposure));
        for (int advertiser = 0; advertiser < bids.Advertisers; advertiser++)
        {
            if (left[advertiser] >= Rules.SmallestBudget) continue;
            if (first == _fillAndRank) _bidPerValue[advertiser] = 0;
            else bids.Row(advertiser).Clear();
        }

        _crew.Run(Blocks, first);
        MergeTotals();
        Reruns = 0;
        while (DropOverCost(left, draws))
        {
            _crew.Run(Blocks, _settleDirty);
            MergeTotals();
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

    internal float Price(float bid, float next, out bool sold)
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
        if (_dirtyBlocks.Length < Blocks)
        {
            _dirtyBlocks = new bool[Blocks];
            _blockLeastWinningCosts = new double[Blocks];
        }

        if (_blockTotals.Length < Blocks * _bids.Advertisers) _blockTotals = new AdvertiserTotals[Blocks * _bids.Advertisers];
        Array.Clear(_totals);
        _ranking.Resize(opportunities);
        exposure.FillUniforms(_exposureDraws.AsSpan(0, opportunities));
    }

    private void FillAndRank(int block, int worker)
    {
        int from = block * Block, to = Math.Min(from + Block, Opportunities);
        for (int advertiser = 0; advertiser < _bids.Advertisers; advertiser++)
            BidMatrix.Fill(_bids.Row(advertiser)[from..to], _bidPerValue[advertiser], _traffic.Values(advertiser)[from..to]);
        RankAndSettle(block, worker);
    }

    private void RankAndSettle(int block, int worker)
    {
        _ranking.Rank(_bids, block * Block, Math.Min((block + 1) * Block, Opportunities));
        Settle(block);
    }

    private void SettleDirty(int block, int worker)
    {
        if (!_dirtyBlocks[block]) return;
        _dirtyBlocks[block] = false;
        int to = Math.Min((block + 1) * Block, Opportunities);
        for (int opportunity = block * Block; opportunity < to; opportunity++)
        {
            if (!_dirty[opportunity]) continue;
            _ranking.RankOne(_bids, opportunity);
            _dirty[opportunity] = false;
        }

        Settle(block);
    }

    private void Settle(int block)
    {
        Span<AdvertiserTotals> totals = _blockTotals.AsSpan(block * _bids.Advertisers, _bids.Advertisers);
        totals.Clear();
        int slots = Rules.Slots;
        ReadOnlySpan<float> draws = _exposureDraws;
        int to = Math.Min((block + 1) * Block, Opportunities);
        double least = 0;
        for (int opportunity = block * Block; opportunity < to; opportunity++)
        {
            least += LeastWinningCost(opportunity);
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

        _blockLeastWinningCosts[block] = least;
    }

    private void MergeTotals()
    {
        Span<AdvertiserTotals> totals = Totals;
        for (int a = 0; a < totals.Length; a++) totals[a] = new AdvertiserTotals { Dropped = totals[a].Dropped };
        SumLeastWinningCost = 0;
        for (int block = 0; block < Blocks; block++)
        {
            for (int a = 0; a < totals.Length; a++) totals[a].Add(_blockTotals[block * totals.Length + a]);
            SumLeastWinningCost += _blockLeastWinningCosts[block];
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
            double ratio = OverCost.Ratio(cost, left[advertiser]);
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

        int drop = OverCost.Drops(ratio, count);
        if (drop == 0) return 0;
        Array.Sort(_priorities, _candidates, 0, count);
        Span<float> row = _bids.Row(advertiser);
        for (int i = 0; i < drop; i++)
        {
            row[_candidates[i]] = 0;
            _dirty[_candidates[i]] = true;
            _dirtyBlocks[_candidates[i] / Block] = true;
        }

        return drop;
    }
}
