using System.Buffers;
using System.Buffers.Text;
using AutoBid.OpenRtb.Currencies;
using AutoBid.OpenRtb.Notices;
using AutoBid.OpenRtb.Profiles;
using AutoBid.OpenRtb.Reading;

namespace AutoBid.OpenRtb.Writing;

/// <summary>
/// Writes one OpenRTB 2.6 bid response into a buffer that is reused from answer to answer (see <see cref="SlotPool{T}"/>): <see cref="Begin"/>,
/// <see cref="AddBid"/> once or more, <see cref="End"/>; or <see cref="WriteNoBid"/> alone. Strings of the request are echoed as the raw tokens
/// they came in. Not thread-safe.
/// </summary>
public sealed class BidResponseWriter
{
    /// <summary>Everything of a bid that is not of variable length: keys, numbers, punctuation.</summary>
    private const int FixedBidBytes = 512;

    private byte[] _buffer;
    private int _length;
    private BidRequest? _request;
    private int _bids;

    /// <param name="capacity">Bytes to start with; grows when needed.</param>
    public BidResponseWriter(int capacity = 8192) => _buffer = new byte[Math.Max(capacity, FixedBidBytes)];

    /// <summary>The answer; valid until the next one begins.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _length);

    /// <summary>Bids written since <see cref="Begin"/>.</summary>
    public int BidCount => _bids;

    /// <summary>Starts an answer with bids in one currency and for one seat.</summary>
    /// <param name="seatJson">The seat as JSON string with quotes (<see cref="ExchangeProfile.SeatJson"/>); empty leaves it out.</param>
    public void Begin(BidRequest request, CurrencyCode currency, ReadOnlySpan<byte> seatJson)
    {
        _request = request;
        _bids = 0;
        _length = 0;
        Reserve(FixedBidBytes + request.Id.RawLength + seatJson.Length);
        Append("{\"id\":"u8);
        Append(request.Raw(request.Id));
        Append(",\"cur\":\""u8);
        _length += currency.Write(_buffer.AsSpan(_length));
        Append("\",\"seatbid\":[{"u8);
        if (!seatJson.IsEmpty)
        {
            Append("\"seat\":"u8);
            Append(seatJson);
            Append(","u8);
        }

        Append("\"bid\":["u8);
    }

    /// <summary>Adds one bid.</summary>
    /// <exception cref="InvalidOperationException"><see cref="Begin"/> was not called.</exception>
    public void AddBid(in OutgoingBid bid)
    {
        BidRequest request = _request ?? throw new InvalidOperationException("A bid needs a begun answer.");
        ref readonly Imp imp = ref request.Imps[bid.Imp];
        ref readonly Candidate candidate = ref request.Candidates[bid.Candidate];
        ReadOnlySpan<byte> deal = bid.Deal >= 0 ? request.Raw(request.Deals[bid.Deal].Id) : default;
        Reserve(FixedBidBytes + imp.Id.RawLength + candidate.Campaign.RawLength + deal.Length
            + candidate.Creative.Length + candidate.AdvertiserDomains.Length + candidate.Markup.Length + candidate.Categories.Length
            + (bid.Notices is null ? 0 : 3 * bid.Notices.LengthFor(bid.Token)));

        Append(_bids++ == 0 ? "{\"id\":\""u8 : ",{\"id\":\""u8);
        _length += BidId.Write(bid.Lease, bid.Seq, _buffer.AsSpan(_length));
        Append("\",\"impid\":"u8);
        Append(request.Raw(imp.Id));
        Append(",\"price\":"u8);
        _length += CpmText.Write(bid.PriceNanos, _buffer.AsSpan(_length));
        Append(",\"cid\":"u8);
        Append(request.Raw(candidate.Campaign));
        AppendToken(",\"crid\":"u8, request.Raw(candidate.Creative));
        AppendToken(",\"adomain\":"u8, request.Raw(candidate.AdvertiserDomains));
        AppendToken(",\"cat\":"u8, request.Raw(candidate.Categories));
        AppendToken(",\"adm\":"u8, request.Raw(candidate.Markup));
        AppendToken(",\"dealid\":"u8, deal);
        AppendNumber(",\"mtype\":"u8, bid.MarkupType);
        AppendNumber(",\"w\":"u8, candidate.Width);
        AppendNumber(",\"h\":"u8, candidate.Height);
        AppendNumber(",\"dur\":"u8, candidate.Duration);
        AppendNumber(",\"exp\":"u8, bid.ExpiresAfterSeconds);
        if (bid.Notices is { } notices)
        {
            // Not HasFlag: it boxes until the code is optimised.
            if ((bid.Channels & NoticeChannels.Nurl) != 0) AppendUrl(",\"nurl\":\""u8, notices, NoticeKind.Win, bid.Token);
            if ((bid.Channels & NoticeChannels.Burl) != 0) AppendUrl(",\"burl\":\""u8, notices, NoticeKind.Bill, bid.Token);
            if ((bid.Channels & NoticeChannels.Lurl) != 0) AppendUrl(",\"lurl\":\""u8, notices, NoticeKind.Loss, bid.Token);
        }

        Append("}"u8);
    }

    /// <summary>Completes the answer.</summary>
    /// <exception cref="InvalidOperationException">No bid was added: answer with <see cref="WriteNoBid"/> instead.</exception>
    public void End()
    {
        if (_request is null || _bids == 0) throw new InvalidOperationException("An answer without a bid is a no-bid with its reason.");
        _request = null;
        Reserve(FixedBidBytes);
        Append("]}]}"u8);
    }

    /// <summary>Writes a whole no-bid answer, <c>{"id":...,"nbr":...}</c>, in place of anything begun.</summary>
    public void WriteNoBid(BidRequest request, NoBidReason reason)
    {
        _request = null;
        _bids = 0;
        _length = 0;
        Reserve(FixedBidBytes + request.Id.RawLength);
        Append("{\"id\":"u8);
        Append(request.Raw(request.Id));
        Append(",\"nbr\":"u8);
        AppendNumber((int)reason);
        Append("}"u8);
    }

    /// <summary>Copies the answer, for hosts that write through a pipe.</summary>
    public void CopyTo(IBufferWriter<byte> destination) => destination.Write(_buffer.AsSpan(0, _length));

    private void Reserve(int bytes)
    {
        if (_buffer.Length - _length < bytes) Array.Resize(ref _buffer, Math.Max(2 * _buffer.Length, _length + bytes));
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    private void AppendToken(ReadOnlySpan<byte> key, ReadOnlySpan<byte> token)
    {
        if (token.IsEmpty) return;
        Append(key);
        Append(token);
    }

    private void AppendNumber(ReadOnlySpan<byte> key, int value)
    {
        if (value <= 0) return;
        Append(key);
        AppendNumber(value);
    }

    private void AppendNumber(int value)
    {
        Utf8Formatter.TryFormat(value, _buffer.AsSpan(_length), out int written);
        _length += written;
    }

    private void AppendUrl(ReadOnlySpan<byte> key, NoticeUrl notices, NoticeKind kind, ReadOnlySpan<byte> token)
    {
        Append(key);
        _length += notices.Write(kind, token, _buffer.AsSpan(_length));
        Append("\""u8);
    }
}
