using System.Buffers.Text;
using System.Globalization;

namespace AutoBid.OpenRtb.Notices;

/// <summary>
/// Bid.id: lease and sequence number as lower-case hexadecimal without leading zeros, joined by a hyphen (<c>1f-2a</c>). One text for one
/// pair, so a bid has the same identity on every channel.
/// </summary>
public static class BidId
{
    /// <summary>Longest text.</summary>
    public const int MaxLength = 33;

    /// <summary>Writes the id as ASCII.</summary>
    /// <returns>Bytes written, at most <see cref="MaxLength"/>.</returns>
    public static int Write(long lease, long seq, Span<byte> destination)
    {
        Utf8Formatter.TryFormat(lease, destination, out int written, 'x');
        destination[written++] = (byte)'-';
        Utf8Formatter.TryFormat(seq, destination[written..], out int rest, 'x');
        return written + rest;
    }

    /// <summary>The id as string, for events and logs.</summary>
    public static string Format(long lease, long seq) => string.Create(CultureInfo.InvariantCulture, $"{lease:x}-{seq:x}");

    /// <summary>Reads an id; false for anything that <see cref="Write"/> would not have written.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long lease, out long seq)
    {
        lease = seq = 0;
        int hyphen = text.IndexOf('-');
        return hyphen >= 0 && TryHex(text[..hyphen], out lease) && TryHex(text[(hyphen + 1)..], out seq);
    }

    private static bool TryHex(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        if (text.Length is 0 or > 16 || (text[0] == '0' && text.Length > 1)) return false;
        foreach (char digit in text)
        {
            if (!char.IsAsciiHexDigitLower(digit)) return false;
            value = (value << 4) | (uint)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
        }

        return true;
    }
}
