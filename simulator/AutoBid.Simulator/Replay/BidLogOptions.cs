using System.Globalization;

namespace AutoBid.Simulator.Replay;

/// <summary>
/// How to read a plain bid log: delimited text with a time, a predicted value and the price to beat per row. Columns are named as in the header, or by
/// their 1-based number where there is none.
/// </summary>
public sealed record BidLogOptions
{
    public byte Delimiter { get; init; } = (byte)',';

    public bool HasHeader { get; init; } = true;

    /// <summary>Unix seconds or milliseconds, yyyyMMddHHmmss[fff], or ISO 8601.</summary>
    public required string Time { get; init; }

    /// <summary>Predicted probability of a conversion (or click).</summary>
    public required string Value { get; init; }

    /// <summary>What a bid must reach, and pays.</summary>
    public required string Price { get; init; }

    /// <summary>0 or 1: whether a win converts; null: unknown.</summary>
    public string? Outcome { get; init; }

    /// <summary>Rows that differ in this column belong to different campaigns; null: all to one.</summary>
    public string? Key { get; init; }

    /// <summary>Factor that makes a probability of the column's number.</summary>
    public double ValueScale { get; init; } = 1;

    /// <summary>Factor that makes account currency per impression of the column's number (0.001 for CPM).</summary>
    public double PriceScale { get; init; } = 1;

    /// <summary>Of every key, account currency per day.</summary>
    public required double Budget { get; init; }

    /// <summary>CPA of every key, account currency.</summary>
    public required double Target { get; init; }

    /// <summary>Local time minus UTC, for times that carry a zone or count from 1970; others are local already.</summary>
    public TimeSpan UtcOffset { get; init; }

    /// <summary>What counts as a day: 48 steps. Days start at local midnight; other lengths are counted from 1970 on.</summary>
    public TimeSpan DayLength { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Throws when the options contradict each other.</summary>
    /// <exception cref="ArgumentException">The message names the option.</exception>
    public void Check()
    {
        if (Delimiter is (byte)'"' or (byte)'\n' or (byte)'\r') throw new ArgumentException("A delimiter cannot be a quotation mark or a line end.");
        if (!(Budget >= 0) || !double.IsFinite(Budget)) throw new ArgumentException("The budget must be a number of at least 0.");
        if (!(Target > 0) || !double.IsFinite(Target)) throw new ArgumentException("The target CPA must be a number above 0.");
        if (!(ValueScale > 0) || !double.IsFinite(ValueScale)) throw new ArgumentException("The value scale must be a number above 0.");
        if (!(PriceScale > 0) || !double.IsFinite(PriceScale)) throw new ArgumentException("The price scale must be a number above 0.");
        if (DayLength < TimeSpan.FromSeconds(48) || DayLength > TimeSpan.FromDays(366)) throw new ArgumentException("A day lasts 48 seconds to 366 days.");
        if (UtcOffset.Duration() > TimeSpan.FromHours(14)) throw new ArgumentException("No zone is more than 14 hours from UTC.");
        if (HasHeader) return;
        foreach (string? column in (string?[])[Time, Value, Price, Outcome, Key])
        {
            if (column is not null && !TryNumber(column, out _)) throw new ArgumentException($"Without a header, columns are numbers from 1 on, not '{column}'.");
        }
    }

    internal static bool TryNumber(string column, out int number)
        => int.TryParse(column, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is >= 1 and <= 10_000;
}
