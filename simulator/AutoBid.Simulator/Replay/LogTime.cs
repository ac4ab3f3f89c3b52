using AutoBid.Core.Time;

namespace AutoBid.Simulator.Replay;

/// <summary>Points in time as logs write them, as milliseconds of local time since 1970-01-01.</summary>
internal static class LogTime
{
    private const long DayMilliseconds = 86_400_000;

    private static readonly int Epoch = new DateOnly(1970, 1, 1).DayNumber;

    /// <summary>Unix seconds (a fraction is allowed) or milliseconds, yyyyMMddHHmmss[fff], ISO 8601 with or without zone.</summary>
    /// <param name="utcOffset">Milliseconds added to times that are UTC or carry a zone; the others are local.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, long utcOffset, out long local)
    {
        local = 0;
        text = text.Trim((byte)' ');
        int digits = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits < 0) return TryDigits(text, utcOffset, out local);
        if (digits == 4 && text[4] == (byte)'-') return TryIso(text, utcOffset, out local);
        if (digits is 0 or > 11 || text[digits] != (byte)'.' || !LogNumbers.TryDouble(text, out double seconds)) return false;
        local = (long)Math.Floor(seconds * 1000) + utcOffset;
        return true;
    }

    /// <summary>The day as yyyymmdd, or the number of a day of another length since 1970, and the step 0..47 in it.</summary>
    public static void Locate(long local, long dayLength, out int period, out int step)
    {
        long day = Math.DivRem(local, dayLength, out long within);
        if (within < 0) (day, within) = (day - 1, within + dayLength);
        step = (int)(within * StepClock.StepsPerDay / dayLength);
        if (dayLength != DayMilliseconds)
        {
            period = checked((int)day);
            return;
        }

        DateOnly date = DateOnly.FromDayNumber(Epoch + (int)day);
        period = date.Year * 10_000 + date.Month * 100 + date.Day;
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, long utcOffset, out long local)
    {
        local = 0;
        if (text.Length is 14 or 17)
        {
            int fraction = 0;
            return (text.Length == 14 || TryNumber(text, 14, 3, out fraction)) && TryDate(text, 0, 4, 6, out long day)
                && TryClock(text, 8, 10, 12, out long clock) && Set(out local, day + clock + fraction);
        }

        if (text.Length is 0 or > 13 || !LogNumbers.TryInteger(text, out long number)) return false;
        return Set(out local, (text.Length >= 12 ? number : number * 1000) + utcOffset);
    }

    // yyyy-MM-dd[T or space]HH:mm[:ss[.f+]][Z or +-HH[:]mm]
    private static bool TryIso(ReadOnlySpan<byte> text, long utcOffset, out long local)
    {
        local = 0;
        if (text.Length < 16 || text[7] != (byte)'-' || (text[10] != (byte)'T' && text[10] != (byte)' ') || text[13] != (byte)':') return false;
        if (!TryDate(text, 0, 5, 8, out long day)) return false;
        bool hasSeconds = text.Length > 16 && text[16] == (byte)':';
        if (!TryClock(text, 11, 14, hasSeconds ? 17 : -1, out long clock)) return false;
        int at = hasSeconds ? 19 : 16;
        if (hasSeconds && at < text.Length && text[at] == (byte)'.')
        {
            int start = ++at, scale = 100;
            for (; at < text.Length && char.IsAsciiDigit((char)text[at]); at++, scale /= 10) clock += (text[at] - '0') * scale;
            if (at == start) return false;
        }

        ReadOnlySpan<byte> zone = text[at..];
        if (zone.IsEmpty) return Set(out local, day + clock);
        if (zone is [(byte)'Z']) return Set(out local, day + clock + utcOffset);
        if (zone[0] is not ((byte)'+' or (byte)'-') || !TryNumber(zone, 1, 2, out int hours)) return false;
        int minutes = 0, minuteAt = zone.Length > 3 && zone[3] == (byte)':' ? 4 : 3;
        if (zone.Length != 3 && (zone.Length != minuteAt + 2 || !TryNumber(zone, minuteAt, 2, out minutes))) return false;
        long offset = (hours * 60 + minutes) * 60_000L;
        return Set(out local, day + clock - (zone[0] == (byte)'-' ? -offset : offset) + utcOffset);
    }

    private static bool TryDate(ReadOnlySpan<byte> text, int yearAt, int monthAt, int dayAt, out long milliseconds)
    {
        milliseconds = 0;
        if (!TryNumber(text, yearAt, 4, out int year) || !TryNumber(text, monthAt, 2, out int month) || !TryNumber(text, dayAt, 2, out int day)) return false;
        if (year is < 1970 or > 4999 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        return Set(out milliseconds, (new DateOnly(year, month, day).DayNumber - Epoch) * DayMilliseconds);
    }

    private static bool TryClock(ReadOnlySpan<byte> text, int hourAt, int minuteAt, int secondAt, out long milliseconds)
    {
        milliseconds = 0;
        int second = 0;
        if (!TryNumber(text, hourAt, 2, out int hour) || !TryNumber(text, minuteAt, 2, out int minute) || (secondAt >= 0 && !TryNumber(text, secondAt, 2, out second))) return false;
        if (hour > 23 || minute > 59 || second > 59) return false;
        return Set(out milliseconds, ((hour * 60L + minute) * 60 + second) * 1000);
    }

    private static bool TryNumber(ReadOnlySpan<byte> text, int at, int length, out int number)
    {
        number = 0;
        if (text.Length < at + length) return false;
        foreach (byte digit in text.Slice(at, length))
        {
            if (digit is < (byte)'0' or > (byte)'9') return false;
            number = number * 10 + (digit - '0');
        }

        return true;
    }

    private static bool Set(out long target, long value)
    {
        target = value;
        return true;
    }
}
