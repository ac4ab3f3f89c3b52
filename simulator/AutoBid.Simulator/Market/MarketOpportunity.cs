namespace AutoBid.Simulator.Market;

/// <summary>One bid request of the <c>market</c> preset. The candidates live in a buffer that the next opportunity overwrites.</summary>
public struct MarketOpportunity
{
    private MarketCandidate[]? _candidates;
    private int _count;

    /// <summary>0 for the first opportunity of the day.</summary>
    public int Index;

    /// <summary>0..47.</summary>
    public int Step;

    /// <summary>100 ns ticks since the start of the day; strictly increasing over the day.</summary>
    public long TimeTicks;

    /// <summary>Floor of the request, nanos per impression.</summary>
    public long FloorNanos;

    /// <summary>Highest bid of the external rivals, nanos per impression; not for bidders.</summary>
    public long CompetingNanos;

    /// <summary>Lowest bid that wins, nanos per impression.</summary>
    public readonly long MinimumToWinNanos => Math.Max(CompetingNanos, FloorNanos);

    /// <summary>Eligible campaigns in ascending order; at least one.</summary>
    public readonly ReadOnlySpan<MarketCandidate> Candidates => _candidates.AsSpan(0, _count);

    internal void BeginCandidates(int campaigns)
    {
        if (_candidates is null || _candidates.Length < campaigns) _candidates = new MarketCandidate[campaigns];
        _count = 0;
    }

    internal void Add(in MarketCandidate candidate) => _candidates![_count++] = candidate;
}
