using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using AutoBid.OpenRtb.Reading;

namespace AutoBid.OpenRtb.Notices;

/// <summary>
/// Signs notice tokens on the bid path. Layout: version, keyId, then exchange, campaign, auction, imp (length byte + UTF-8 each), then
/// lease, seq, bidNanos, valueE9, bidTime, day, expiry (little-endian), then 16 bytes of HMAC-SHA256 over all before; all in base64url.
/// Thread-safe.
/// </summary>
public sealed class NoticeTokenWriter : IDisposable
{
    private readonly byte _keyId;

    // A keyed hash per thread: the one-shot HMAC sets up its key at every call and allocates.
    private readonly ThreadLocal<IncrementalHash> _hash;

    public NoticeTokenWriter(NoticeKeys keys)
    {
        _keyId = keys.Current;
        byte[] secret = keys.CurrentSecret;
        _hash = new ThreadLocal<IncrementalHash>(() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret), trackAllValues: true);
    }

    /// <summary>Writes the token as base64url ASCII, without allocation after a thread's first call.</summary>
    /// <param name="destination">At least <see cref="NoticeToken.MaxTextLength"/> bytes, or as many as the token needs.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">A text is longer than <see cref="RequestLimits.IdBytes"/>, or the destination is too short.</exception>
    public int Write(in NoticeToken token, Span<byte> destination)
    {
        Span<byte> binary = stackalloc byte[NoticeToken.MaxBytes];
        binary[0] = NoticeToken.Version;
        binary[1] = _keyId;
        int at = 2;
        at += WriteText(token.Exchange, binary[at..]);
        at += WriteText(token.Campaign, binary[at..]);
        at += WriteText(token.Auction, binary[at..]);
        at += WriteText(token.Imp, binary[at..]);
        Span<byte> numbers = binary.Slice(at, NoticeToken.NumberBytes);
        BinaryPrimitives.WriteInt64LittleEndian(numbers, token.Lease);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[8..], token.Seq);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[16..], token.BidNanos);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[24..], token.ValueE9);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[32..], token.BidTime);
        BinaryPrimitives.WriteInt32LittleEndian(numbers[40..], token.Day);
        BinaryPrimitives.WriteInt64LittleEndian(numbers[44..], token.Expiry);
        at += NoticeToken.NumberBytes;

        IncrementalHash hash = _hash.Value!;
        hash.AppendData(binary[..at]);
        Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        digest[..NoticeToken.SignatureBytes].CopyTo(binary[at..]);
        at += NoticeToken.SignatureBytes;
        return Base64Url.EncodeToUtf8(binary[..at], destination);
    }

    public void Dispose()
    {
        foreach (IncrementalHash hash in _hash.Values) hash.Dispose();
        _hash.Dispose();
    }

    private static int WriteText(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        if (text.Length > RequestLimits.IdBytes) throw new ArgumentException($"A text of {text.Length} bytes does not fit a notice token.");
        destination[0] = (byte)text.Length;
        text.CopyTo(destination[1..]);
        return 1 + text.Length;
    }
}
