using System.Text;
using AutoBid.OpenRtb.Reading;

namespace AutoBid.OpenRtb.Notices;

/// <summary>
/// What a notice says about its bid, signed by the bidding node: all that the spend event needs, so that no state has to be kept per bid.
/// Texts are UTF-8, unescaped, at most <see cref="RequestLimits.IdBytes"/> bytes each. After reading they lie in the caller's buffer.
/// </summary>
public readonly ref struct NoticeToken
{
    /// <summary>First byte of every token.</summary>
    public const byte Version = 1;

    /// <summary>Bytes of the truncated HMAC-SHA256.</summary>
    public const int SignatureBytes = 16;

    internal const int NumberBytes = (6 * sizeof(long)) + sizeof(int) + sizeof(long);

    /// <summary>Largest binary form.</summary>
    public const int MaxBytes = 2 + (4 * (1 + RequestLimits.IdBytes)) + NumberBytes + SignatureBytes;

    /// <summary>Longest base64url text.</summary>
    public const int MaxTextLength = ((MaxBytes * 4) + 2) / 3;

    /// <summary>Name of the exchange profile.</summary>
    public required ReadOnlySpan<byte> Exchange { get; init; }

    public required ReadOnlySpan<byte> Campaign { get; init; }

    /// <summary>BidRequest.id.</summary>
    public required ReadOnlySpan<byte> Auction { get; init; }

    public required ReadOnlySpan<byte> Imp { get; init; }

    public required long Lease { get; init; }

    public required long Seq { get; init; }

    /// <summary>The bid in nanos of account currency per impression.</summary>
    public required long BidNanos { get; init; }

    /// <summary>Predicted value x 1e9, half-even.</summary>
    public required long ValueE9 { get; init; }

    /// <summary>Time of the bid, Unix milliseconds of event time.</summary>
    public required long BidTime { get; init; }

    /// <summary>Campaign-local day of the bid as yyyymmdd.</summary>
    public required int Day { get; init; }

    /// <summary>Last moment at which a notice still settles, Unix milliseconds of event time.</summary>
    public required long Expiry { get; init; }

    public string ExchangeText => Encoding.UTF8.GetString(Exchange);

    public string CampaignText => Encoding.UTF8.GetString(Campaign);

    public string AuctionText => Encoding.UTF8.GetString(Auction);

    public string ImpText => Encoding.UTF8.GetString(Imp);

    /// <summary>Bid.id of the bid.</summary>
    public string BidText => BidId.Format(Lease, Seq);
}
