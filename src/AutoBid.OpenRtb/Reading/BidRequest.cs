using AutoBid.OpenRtb.Currencies;

namespace AutoBid.OpenRtb.Reading;

/// <summary>
/// A parsed OpenRTB 2.6 bid request, reused from request to request (see <see cref="SlotPool{T}"/>). It keeps positions in the caller's
/// buffer instead of strings, so it is valid only as long as that buffer is; <see cref="Clear"/> lets go of it. Not thread-safe.
/// Objects that may identify a user (device, user) are never kept.
/// </summary>
public sealed class BidRequest
{
    private CurrencyCode[] _currencies = new CurrencyCode[8];
    private JsonText[] _wantedSeats = new JsonText[8];
    private JsonText[] _blockedSeats = new JsonText[8];
    private Imp[] _imps = new Imp[8];
    private Deal[] _deals = new Deal[16];
    private Candidate[] _candidates = new Candidate[32];
    private JsonText[] _candidateDeals = new JsonText[32];
    private byte[] _arena = new byte[1024];
    private int _arenaUsed;

    /// <summary>The bytes that were parsed.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>Request (auction) id; always present after a successful read.</summary>
    public JsonText Id { get; internal set; }

    /// <summary>tmax in milliseconds, network time included; 0 when absent.</summary>
    public int TMax { get; internal set; }

    /// <summary>at: 1 first price, 2 second price (default); others as stated by the exchange.</summary>
    public int AuctionType { get; internal set; }

    /// <summary>test = 1: not billable.</summary>
    public bool IsTest { get; internal set; }

    /// <summary>Currencies in which bids are accepted; USD alone when the request has no cur.</summary>
    public ReadOnlySpan<CurrencyCode> Currencies => _currencies.AsSpan(0, CurrencyCount);

    /// <summary>Impressions, at least one after a successful read.</summary>
    public ReadOnlySpan<Imp> Imps => _imps.AsSpan(0, ImpCount);

    /// <summary>Deals of all impressions.</summary>
    public ReadOnlySpan<Deal> Deals => _deals.AsSpan(0, DealCount);

    /// <summary>Candidates of all impressions; empty means no bid with <see cref="Writing.NoBidReason.NoCandidates"/>.</summary>
    public ReadOnlySpan<Candidate> Candidates => _candidates.AsSpan(0, CandidateCount);

    internal int CurrencyCount { get; set; }

    internal int WantedSeatCount { get; set; }

    internal int BlockedSeatCount { get; set; }

    internal int ImpCount { get; set; }

    internal int DealCount { get; set; }

    internal int CandidateCount { get; set; }

    internal int CandidateDealCount { get; set; }

    internal byte[] NameScratch { get; } = new byte[32];

    /// <summary>Candidates of one impression.</summary>
    public ReadOnlySpan<Candidate> CandidatesOf(in Imp imp) => _candidates.AsSpan(imp.CandidateStart, imp.CandidateCount);

    /// <summary>Deals of one impression.</summary>
    public ReadOnlySpan<Deal> DealsOf(in Imp imp) => _deals.AsSpan(imp.DealStart, imp.DealCount);

    /// <summary>Ids of the deals that the candidate may use.</summary>
    public ReadOnlySpan<JsonText> DealsOf(in Candidate candidate) => _candidateDeals.AsSpan(candidate.DealStart, candidate.DealCount);

    /// <summary>Unescaped UTF-8 text; empty when absent.</summary>
    public ReadOnlySpan<byte> Text(in JsonText text) => text.IsPresent ? text.Text(Body.Span, _arena) : default;

    /// <summary>Raw JSON string with its quotes; empty when absent.</summary>
    public ReadOnlySpan<byte> Raw(in JsonText text) => text.Raw(Body.Span);

    /// <summary>Raw JSON token; empty when absent.</summary>
    public ReadOnlySpan<byte> Raw(in JsonSlice slice) => slice.IsPresent ? Body.Span.Slice(slice.Offset, slice.Length) : default;

    /// <summary>True when bids in this currency are accepted.</summary>
    public bool AllowsCurrency(CurrencyCode currency) => Currencies.Contains(currency);

    /// <summary>
    /// True when wseat and bseat let this seat bid. A bidder without a seat (empty) is decided by the exchange, not by the lists.
    /// </summary>
    public bool AllowsSeat(ReadOnlySpan<byte> seat)
    {
        if (seat.IsEmpty) return true;
        if (Contains(_blockedSeats.AsSpan(0, BlockedSeatCount), seat)) return false;
        return WantedSeatCount == 0 || Contains(_wantedSeats.AsSpan(0, WantedSeatCount), seat);
    }

    /// <summary>Forgets the request and its buffer; keeps the arrays.</summary>
    public void Clear() => Begin(default);

    internal void Begin(ReadOnlyMemory<byte> body)
    {
        Body = body;
        Id = default;
        TMax = 0;
        AuctionType = 2;
        IsTest = false;
        CurrencyCount = WantedSeatCount = BlockedSeatCount = 0;
        _arenaUsed = 0;
        ClearImps();
        // Unescaping only shrinks and every token is read at most once: an arena as long as the body never has to grow while reading.
        if (_arena.Length < body.Length) _arena = new byte[Math.Max(body.Length, 2 * _arena.Length)];
    }

    internal void ClearImps() => ImpCount = DealCount = CandidateCount = CandidateDealCount = 0;

    internal Span<byte> ArenaFree => _arena.AsSpan(_arenaUsed);

    internal int TakeArena(int length)
    {
        int start = _arenaUsed;
        _arenaUsed += length;
        return start;
    }

    internal ref Imp AddImp() => ref Add(ref _imps, ImpCount++);

    internal ref Deal AddDeal() => ref Add(ref _deals, DealCount++);

    internal ref Candidate AddCandidate() => ref Add(ref _candidates, CandidateCount++);

    internal ref JsonText AddCandidateDeal() => ref Add(ref _candidateDeals, CandidateDealCount++);

    internal ref CurrencyCode AddCurrency() => ref Add(ref _currencies, CurrencyCount++);

    internal ref JsonText AddWantedSeat() => ref Add(ref _wantedSeats, WantedSeatCount++);

    internal ref JsonText AddBlockedSeat() => ref Add(ref _blockedSeats, BlockedSeatCount++);

    private static ref T Add<T>(ref T[] array, int index) where T : struct
    {
        if (index == array.Length) Array.Resize(ref array, 2 * array.Length);
        ref T item = ref array[index];
        item = default;
        return ref item;
    }

    private bool Contains(ReadOnlySpan<JsonText> list, ReadOnlySpan<byte> text)
    {
        foreach (ref readonly JsonText entry in list)
            if (Text(entry).SequenceEqual(text)) return true;
        return false;
    }
}
