using System.Globalization;
using System.Text;

namespace AutoBid.Simulator.Replay;

/// <summary>Numbers as UTF-8 text. Decimal numbers are rounded as the platform's parser does; short ones take an exact path that does not need it.</summary>
internal static class LogNumbers
{
    private const ulong LargestExactMantissa = 1UL << 53;

    /// <summary>Whole numbers of that many digits fit into 64 bits.</summary>
    private const int MostDigits = 18;

    // Powers of ten that a double holds exactly.
    private static readonly double[] Powers = [.. Enumerable.Range(0, 23).Select(i => double.Parse($"1e{i}", CultureInfo.InvariantCulture))];

    /// <summary>A decimal number; spaces around it are allowed, NaN and infinities are parsed (and for the caller to refuse).</summary>
    public static bool TryDouble(ReadOnlySpan<byte> text, out double value)
    {
        ulong mantissa = 0;
        int i = 0, digits = 0, significant = 0, point = -1;
        bool negative = text is [(byte)'-', ..];
        if (negative) i = 1;
        for (; i < text.Length; i++)
        {
            uint digit = text[i] - (uint)'0';
            if (digit <= 9)
            {
                mantissa = mantissa * 10 + digit;
                digits++;
                if (mantissa > 0 && ++significant > MostDigits) return TrySlow(text, out value);
            }
            else if (text[i] == (byte)'.' && point < 0) point = digits;
            else if ((text[i] | 0x20) == (byte)'e') break;
            else return TrySlow(text, out value);
        }

        int scale = point < 0 ? 0 : point - digits;
        if (i < text.Length)
        {
            if (!TryExponent(text[(i + 1)..], out int exponent)) return TrySlow(text, out value);
            scale += exponent;
        }

        if (digits == 0 || Math.Abs(scale) >= Powers.Length) return TrySlow(text, out value);
        // Mantissa and power are exact: one operation rounds once, to the nearest double.
        if (mantissa <= LargestExactMantissa) value = scale < 0 ? mantissa / Powers[-scale] : mantissa * Powers[scale];
        else if (scale >= 0 || !TryDivide(mantissa, Powers[-scale], out value)) return TrySlow(text, out value);
        if (negative) value = -value;
        return true;
    }

    /// <summary>A whole number; a fraction of zeros (1.0) is allowed.</summary>
    public static bool TryInteger(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        int i = 0, digits = 0;
        bool negative = text is [(byte)'-', ..];
        if (negative) i = 1;
        for (; i < text.Length; i++)
        {
            uint digit = text[i] - (uint)'0';
            if (digit > 9) break;
            if (++digits > MostDigits) return false;
            value = value * 10 + digit;
        }

        if (negative) value = -value;
        if (i == text.Length && digits > 0) return true;
        // Spaces are rare: they are not worth a look before.
        ReadOnlySpan<byte> trimmed = text.Trim(" \t"u8);
        if (trimmed.Length < text.Length) return TryInteger(trimmed, out value);
        if (digits == 0 || i == text.Length) return false;
        return text[i] == (byte)'.' && text[(i + 1)..].IndexOfAnyExcept((byte)'0') < 0;
    }

    /// <summary>A field as an error message shows it.</summary>
    public static string Shown(ReadOnlySpan<byte> text)
    {
        const int Longest = 40;
        string shown = Encoding.UTF8.GetString(text.Length > Longest ? text[..Longest] : text);
        return $"'{string.Concat(shown.Select(c => char.IsControl(c) ? '?' : c))}{(text.Length > Longest ? "..." : "")}'";
    }

    /// <summary>The double nearest to a quotient whose dividend has more than 53 bits; false where a tie is too close to call.</summary>
    private static bool TryDivide(ulong dividend, double divisor, out double quotient)
    {
        // dividend = high + low and high = first x divisor + rest, all exact; so first + (rest + low) / divisor is the quotient up to 2^-51 of its
        // second term. Where both ends of that interval round to the same double, it is the nearest.
        double high = dividend, low = (long)(dividend - (ulong)high), first = high / divisor;
        double second = (Math.FusedMultiplyAdd(-first, divisor, high) + low) / divisor, error = Math.Abs(second) * (1.0 / (1L << 51));
        quotient = first + (second + error);
        return quotient == first + (second - error);
    }

    // Two digits cover what the exact path can use.
    private static bool TryExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        exponent = 0;
        bool negative = text is [(byte)'-', ..];
        if (negative || text is [(byte)'+', ..]) text = text[1..];
        if (text.Length is 0 or > 2) return false;
        foreach (byte digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9') return false;
            exponent = exponent * 10 + (digit - '0');
        }

        if (negative) exponent = -exponent;
        return true;
    }

    private static bool TrySlow(ReadOnlySpan<byte> text, out double value)
        => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
}
