using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace AutoBid.OpenRtb.Notices;

/// <summary>Verifies and reads notice tokens under every known key. Never throws on any text. Thread-safe.</summary>
public sealed class NoticeTokenReader(NoticeKeys keys)
{
    /// <summary>Reads a token; the signature is compared in constant time before any field is looked at.</summary>
    /// <param name="text">base64url, in the one canonical form of its bytes.</param>
    /// <param name="nowUnixMs">Event time now, Unix milliseconds.</param>
    /// <param name="buffer">At least <see cref="NoticeToken.MaxBytes"/> bytes; the token's texts point into it.</param>
    /// <param name="token">Set unless the result is <see cref="NoticeTokenStatus.Invalid"/>.</param>
    public NoticeTokenStatus Read(ReadOnlySpan<char> text, long nowUnixMs, Span<byte> buffer, out NoticeToken token)
    {
        token = default;
        if (text.IsEmpty || text.Length > NoticeToken.MaxTextLength) return NoticeTokenStatus.Invalid;
        if (Base64Url.DecodeFromChars(text, buffer, out _, out int length) != OperationStatus.Done) return NoticeTokenStatus.Invalid;
        // The decoder also takes padding and white space; only one text may stand for a token.
        if (Base64Url.GetEncodedLength(length) != text.Length) return NoticeTokenStatus.Invalid;
        if (length < 2 + NoticeToken.SignatureBytes || buffer[0] != NoticeToken.Version) return NoticeTokenStatus.Invalid;
        if (!keys.TryGet(buffer[1], out byte[] secret)) return NoticeTokenStatus.Invalid;

        ReadOnlySpan<byte> signed = buffer[..(length - NoticeToken.SignatureBytes)];
        Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, signed, digest);
        ReadOnlySpan<byte> signature = buffer.Slice(signed.Length, NoticeToken.SignatureBytes);
        if (!CryptographicOperations.FixedTimeEquals(digest[..NoticeToken.SignatureBytes], signature)) return NoticeTokenStatus.Invalid;

        ReadOnlySpan<byte> rest = signed[2..];
        if (!TryText(ref rest, out ReadOnlySpan<byte> exchange) || !TryText(ref rest, out ReadOnlySpan<byte> campaign)
            || !TryText(ref rest, out ReadOnlySpan<byte> auction) || !TryText(ref rest, out ReadOnlySpan<byte> imp)
            || rest.Length != NoticeToken.NumberBytes)
        {
            return NoticeTokenStatus.Invalid;
        }

        token = new NoticeToken
        {
            Exchange = exchange,
            Campaign = campaign,
            Auction = auction,
            Imp = imp,
            Lease = BinaryPrimitives.ReadInt64LittleEndian(rest),
            Seq = BinaryPrimitives.ReadInt64LittleEndian(rest[8..]),
            BidNanos = BinaryPrimitives.ReadInt64LittleEndian(rest[16..]),
            ValueE9 = BinaryPrimitives.ReadInt64LittleEndian(rest[24..]),
            BidTime = BinaryPrimitives.ReadInt64LittleEndian(rest[32..]),
            Day = BinaryPrimitives.ReadInt32LittleEndian(rest[40..]),
            Expiry = BinaryPrimitives.ReadInt64LittleEndian(rest[44..]),
        };
        return nowUnixMs > token.Expiry ? NoticeTokenStatus.Expired : NoticeTokenStatus.Valid;
    }

    private static bool TryText(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (rest.IsEmpty || rest.Length < 1 + rest[0]) return false;
        text = rest.Slice(1, rest[0]);
        rest = rest[(1 + text.Length)..];
        return true;
    }
}
