using System.Globalization;

namespace AutoBid.Cli.Serving;

/// <summary>Settings as text, the same from the command line, the environment and the config file.</summary>
internal static class SettingText
{
    /// <summary>30s, 10m, 1h, 250ms or hh:mm:ss; above 0.</summary>
    public static bool TryDuration(string text, out TimeSpan duration)
    {
        duration = default;
        foreach ((string unit, double milliseconds) in (ReadOnlySpan<(string, double)>)[("ms", 1), ("s", 1e3), ("m", 6e4), ("h", 3.6e6)])
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal)) continue;
            if (!double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)) continue;
            if (!(number > 0) || number * milliseconds > TimeSpan.FromDays(365).TotalMilliseconds) return false;
            duration = TimeSpan.FromMilliseconds(number * milliseconds);
            return duration > TimeSpan.Zero;
        }

        // Without a colon a bare number would be days.
        return text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out duration) && duration > TimeSpan.Zero;
    }

    /// <summary>true, false, 1, 0, yes, no.</summary>
    public static bool TryFlag(string text, out bool flag)
    {
        flag = text.ToLowerInvariant() is "true" or "1" or "yes";
        return flag || text.ToLowerInvariant() is "false" or "0" or "no";
    }

    /// <summary>An instant with its offset or Z.</summary>
    public static bool TryInstant(string text, out DateTimeOffset instant)
        => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);
}
