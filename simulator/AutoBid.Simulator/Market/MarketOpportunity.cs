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

    /// <summary>Whether a campaign is asked for at all: no predicted value, no bid.</summary>
    public readonly bool HasValue
    {
        get
        {
            foreach (ref readonly MarketCandidate candidate in Candidates)
                if (candidate.ValueE9 > 0) return true;
            return false;
        }
    }

    /// <summary>Whether this campaign is asked for.</summary>
    /// <param name="campaign">Index into <see cref="MarketOptions.Campaigns"/>.</param>
    public readonly bool Asks(int campaign)
    {
        foreach (ref readonly MarketCandidate candidate in Candidates)
            if (candidate.Campaign == campaign) return candidate.ValueE9 > 0;
        return false;
    }

    internal void BeginCandidates(int campaigns)
    {
        if (_candidates is null || _candidates.Length < campaigns) _candidates = new MarketCandidate[campaigns];
        _count = 0;
    }

    internal void Add(in MarketCandidate candidate) => _candidates![_count++] = candidate;
}
