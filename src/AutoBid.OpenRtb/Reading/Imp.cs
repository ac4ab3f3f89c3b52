using AutoBid.OpenRtb.Currencies;

namespace AutoBid.OpenRtb.Reading;

/// <summary>One impression of the request. Deals and candidates are ranges of <see cref="BidRequest.Deals"/> and <see cref="BidRequest.Candidates"/>.</summary>
public struct Imp
{
    public JsonText Id { get; internal set; }

    /// <summary>bidfloor in nanos of <see cref="FloorCurrency"/> per impression, rounded up.</summary>
    public long FloorNanos { get; internal set; }

    /// <summary>bidfloorcur; USD when absent.</summary>
    public CurrencyCode FloorCurrency { get; internal set; }

    /// <summary>Which of banner, video, audio, native the impression carries.</summary>
    public AdFormats Offered { get; internal set; }

    /// <summary>pmp.private_auction = 1: only bids on one of the deals are accepted.</summary>
    public bool PrivateAuction { get; internal set; }

    public int DealStart { get; internal set; }

    public int DealCount { get; internal set; }

    public int CandidateStart { get; internal set; }

    public int CandidateCount { get; internal set; }
}
