using System.Buffers.Text;
using System.Text;

namespace AutoBid.OpenRtb.Reading;

/// <summary>
/// Escapes inside JSON strings that Utf8JsonReader has already found well-formed except for surrogates, which it does not check.
/// </summary>
internal static class JsonEscapes
{
    /// <summary>Unescapes into UTF-8. The result is never longer than <paramref name="raw"/>. False on half a surrogate pair or a short destination.</summary>
    public static bool TryUnescape(ReadOnlySpan<byte> raw, Span<byte> destination, out int written)
    {
        written = 0;
        while (true)
        {
            int plain = raw.IndexOf((byte)'\\');
            ReadOnlySpan<byte> head = plain < 0 ? raw : raw[..plain];
            if (!head.TryCopyTo(destination[written..])) return false;
            written += head.Length;
            if (plain < 0) return true;
            raw = raw[plain..];
            if (!TryDecode(raw, out Rune rune, out int consumed)) return false;
            if (!rune.TryEncodeToUtf8(destination[written..], out int bytes)) return false;
            written += bytes;
            raw = raw[consumed..];
        }
    }

    /// <summary>True when every \u surrogate has its other half, so that a strict parser accepts the string when it is echoed.</summary>
    public static bool HasCompletePairs(ReadOnlySpan<byte> raw)
    {
        while (true)
        {
            int plain = raw.IndexOf((byte)'\\');
            if (plain < 0) return true;
            raw = raw[plain..];
            if (!TryDecode(raw, out _, out int consumed)) return false;
            raw = raw[consumed..];
        }
    }

    private static bool TryDecode(ReadOnlySpan<byte> escape, out Rune rune, out int consumed)
    {
        rune = default;
        consumed = 2;
        if (escape.Length < 2) return false;
        char simple = (char)escape[1] switch
        {
            '"' => '"',
            '\\' => '\\',
            '/' => '/',
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => '\0',
        };
        if (simple != '\0')
        {
            rune = new Rune(simple);
            return true;
        }

        if (!TryUnit(escape, out char high)) return false;
        consumed = 6;
        if (!char.IsSurrogate(high)) return Rune.TryCreate(high, out rune);
        if (!TryUnit(escape[6..], out char low)) return false;
        consumed = 12;
        return Rune.TryCreate(high, low, out rune);
    }

    private static bool TryUnit(ReadOnlySpan<byte> escape, out char unit)
    {
        unit = '\0';
        if (escape.Length < 6 || escape[0] != (byte)'\\' || escape[1] != (byte)'u') return false;
        if (!Utf8Parser.TryParse(escape.Slice(2, 4), out ushort value, out int digits, 'x') || digits != 4) return false;
        unit = (char)value;
        return true;
    }
}
