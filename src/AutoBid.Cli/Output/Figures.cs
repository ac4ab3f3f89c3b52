using System.Globalization;

namespace AutoBid.Cli.Output;

/// <summary>Figures as text, always in the invariant culture.</summary>
internal static class Figures
{
    public static string Money(decimal amount) => amount.ToString("#,##0.00", CultureInfo.InvariantCulture);

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Percent(double share) => share.ToString("0.0 %", CultureInfo.InvariantCulture);

    public static string Multiplier(double multiplier) => multiplier.ToString("0.000", CultureInfo.InvariantCulture);

    public static string Ratio(double? ratio) => ratio?.ToString("0.00", CultureInfo.InvariantCulture) ?? "-";

    public static string Milliseconds(double milliseconds) => milliseconds.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary><c>name 3, other 1</c>, the most frequent first; - for none.</summary>
    public static string Counts(IReadOnlyDictionary<string, int> counts)
        => counts.Count == 0
            ? "-"
            : string.Join(", ", counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Key} {c.Value}"));
}
