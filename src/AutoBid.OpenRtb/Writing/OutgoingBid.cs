using AutoBid.OpenRtb.Notices;
using AutoBid.OpenRtb.Profiles;

namespace AutoBid.OpenRtb.Writing;

/// <summary>One bid to be written. Indices point into the request that the answer belongs to.</summary>
public readonly ref struct OutgoingBid
{
    /// <summary>Index into <see cref="Reading.BidRequest.Imps"/>.</summary>
    public required int Imp { get; init; }

    /// <summary>Index into <see cref="Reading.BidRequest.Candidates"/> (over all impressions: imp.CandidateStart + its place).</summary>
    public required int Candidate { get; init; }

    /// <summary>Index into <see cref="Reading.BidRequest.Deals"/>, or -1.</summary>
    public required int Deal { get; init; }

    /// <summary>mtype as resolved by <see cref="AutoBid.OpenRtb.Markup.MarkupRules"/>, 1 to 4.</summary>
    public required int MarkupType { get; init; }

    /// <summary>Price in nanos of the ANSWER's currency per impression, above 0.</summary>
    public required long PriceNanos { get; init; }

    /// <summary>Lease out of which the bid is held.</summary>
    public required long Lease { get; init; }

    /// <summary>Number of the bid under its lease; (lease, seq) is Bid.id.</summary>
    public required long Seq { get; init; }

    /// <summary>Bid.exp in seconds; 0 leaves it out.</summary>
    public int ExpiresAfterSeconds { get; init; }

    /// <summary>Where notices go; null leaves all notice URLs out.</summary>
    public NoticeUrl? Notices { get; init; }

    /// <summary>Which of the notice URLs are written.</summary>
    public NoticeChannels Channels { get; init; }

    /// <summary>base64url token shared by the bid's notice URLs.</summary>
    public ReadOnlySpan<byte> Token { get; init; }
}
