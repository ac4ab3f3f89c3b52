using System.Buffers.Text;

namespace AutoBid.Streaming.Json;

/// <summary>Instants on the wire: ISO 8601 in UTC with Z, years 2000 to 2100. Finer than 100 ns is cut off.</summary>
public static class TimeText
{
    /// <summary>Bytes that <see cref="Write"/> needs at most.</summary>
    public const int MaxLength = 28;

    /// <summary>First instant accepted.</summary>
    public static readonly long MinTicks = new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    /// <summary>Last instant accepted: the end of 2100.</summary>
    public static readonly long MaxTicks = new DateTime(2101, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks - 1;

    /// <summary>UTC ticks of <c>yyyy-MM-ddTHH:mm:ss[.f]Z</c> with 1 to 9 fraction digits. No leap second.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length is < 20 or > 30 || text[^1] != 'Z') return false;
        if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return false;
        if (!Digits(text[..4], out int year) || !Digits(text[5..7], out int month) || !Digits(text[8..10], out int day)) return false;
        if (!Digits(text[11..13], out int hour) || !Digits(text[14..16], out int minute) || !Digits(text[17..19], out int second)) return false;
        if (year is < 2000 or > 2100 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        if (hour > 23 || minute > 59 || second > 59) return false;

        int fraction = 0;
        if (text.Length > 20)
        {
            ReadOnlySpan<byte> digits = text[20..^1];
            if (text[19] != '.' || digits.IsEmpty || !Digits(digits, out _)) return false;
            if (!Digits(digits[..Math.Min(7, digits.Length)], out fraction)) return false;
            for (int i = digits.Length; i < 7; i++) fraction *= 10;
        }

        ticks = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks + fraction;
        return true;
    }

    /// <summary>Writes the instant with seven fraction digits, or none when it is a whole second. Returns the number of bytes.</summary>
    public static int Write(Span<byte> destination, long utcTicks)
    {
        var time = new DateTime(utcTicks, DateTimeKind.Utc);
        if (!Utf8Formatter.TryFormat(time, destination, out int written, 'O')) throw new ArgumentException("28 bytes are needed", nameof(destination));
        if (utcTicks % TimeSpan.TicksPerSecond != 0) return written;
        destination[19] = (byte)'Z';
        return 20;
    }

    private static bool Digits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (byte c in text)
        {
            if (c is < (byte)'0' or > (byte)'9') return false;
            value = unchecked(value * 10 + (c - '0'));
        }

        return true;
    }
}
