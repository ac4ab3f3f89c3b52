namespace AutoBid.OpenRtb.Currencies;

/// <summary>An ISO 4217 alphabetic code in one int, so that comparing currencies on the bid path costs one comparison. The default value is "none".</summary>
public readonly record struct CurrencyCode
{
    private readonly int _packed;

    private CurrencyCode(int packed) => _packed = packed;

    /// <summary>OpenRTB's default currency.</summary>
    public static CurrencyCode Usd { get; } = Pack((byte)'U', (byte)'S', (byte)'D');

    /// <summary>True for the default value.</summary>
    public bool IsNone => _packed == 0;

    /// <summary>Three ASCII letters of any case; stored in upper case.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out CurrencyCode code)
    {
        code = default;
        if (utf8.Length != 3) return false;
        foreach (byte letter in utf8)
            if (!char.IsAsciiLetter((char)letter)) return false;
        code = Pack(utf8[0], utf8[1], utf8[2]);
        return true;
    }

    /// <summary>Three ASCII letters of any case; stored in upper case.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out CurrencyCode code)
    {
        code = default;
        if (text.Length != 3) return false;
        foreach (char letter in text)
            if (!char.IsAsciiLetter(letter)) return false;
        code = Pack((byte)text[0], (byte)text[1], (byte)text[2]);
        return true;
    }

    /// <summary>Parses configuration and constants.</summary>
    /// <exception cref="FormatException">Not three ASCII letters.</exception>
    public static CurrencyCode Parse(string text)
        => TryParse(text.AsSpan(), out CurrencyCode code) ? code : throw new FormatException($"'{text}' is not a currency code of three letters.");

    /// <summary>Writes the three letters; nothing for none.</summary>
    /// <returns>Bytes written, 3 or 0.</returns>
    public int Write(Span<byte> destination)
    {
        if (IsNone) return 0;
        destination[2] = (byte)_packed;
        destination[1] = (byte)(_packed >> 8);
        destination[0] = (byte)(_packed >> 16);
        return 3;
    }

    public override string ToString()
        => IsNone ? "" : string.Create(3, _packed, static (span, packed) =>
        {
            span[0] = (char)(byte)(packed >> 16);
            span[1] = (char)(byte)(packed >> 8);
            span[2] = (char)(byte)packed;
        });

    // Clearing bit 5 turns an ASCII letter into its upper case.
    private static CurrencyCode Pack(byte a, byte b, byte c) => new(((a & 0xDF) << 16) | ((b & 0xDF) << 8) | (c & 0xDF));
}
