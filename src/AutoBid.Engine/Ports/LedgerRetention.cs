namespace AutoBid.Engine.Ports;

/// <summary>How long the ledger remembers, in event time. The sums of a campaign's flight stay for ever.</summary>
public sealed record LedgerRetention
{
    /// <summary>
    /// From the end of a local day to the last instant that may call it so: a day that begins in UTC+14 and one that ends in UTC-12 bear the same date,
    /// and the day of a change of time zone lasts up to 49 hours. See <see cref="FirstDay"/>.
    /// </summary>
    private static readonly TimeSpan DayMargin = TimeSpan.FromDays(2);

    /// <summary>Click days that <c>GET /v1/campaigns/{id}/days</c> shows, with one to spare.</summary>
    private static readonly TimeSpan DaysShown = TimeSpan.FromDays(33);

    /// <summary>A campaign's day, its ended leases and the budget rows of day and account; two days more, because a date is not over everywhere at once.</summary>
    public TimeSpan Days { get; init; } = TimeSpan.FromDays(40);

    /// <summary>Adjustments one by one: evidence. Older ones count in their campaign's sums (<see cref="Adjustment.Forgotten"/>).</summary>
    public TimeSpan Adjustments { get; init; } = TimeSpan.FromDays(400);

    /// <summary>Shortest <see cref="Days"/>: nothing that can still be applied, shown or restated belongs to a day that goes.</summary>
    public static TimeSpan ShortestDays(EngineOptions options)
    {
        TimeSpan applied = options.DedupeWindow + options.LongestHold, shown = options.ConversionMemory > DaysShown ? options.ConversionMemory : DaysShown;
        return applied > shown ? applied : shown;
    }

    /// <exception cref="ArgumentException">Something would be forgotten that can still be asked for.</exception>
    public void Check(EngineOptions options)
    {
        if (Days < ShortestDays(options))
        {
            throw new ArgumentException(
                $"Days and leases are kept for at least {ShortestDays(options).TotalDays:0.##} days: dedupe window and longest hold, conversions that can be restated, days shown.");
        }

        // The adjustments of a day stay as long as its budget row, whose excess they explain; a repeated commit finds what it listed.
        if (Adjustments < Days) throw new ArgumentException($"Adjustments are kept at least as long as days, {Days.TotalDays:0.##} days.");
    }

    /// <summary>First day (yyyymmdd) that stays: every earlier one ended more than <see cref="Days"/> ago, whatever its time zone.</summary>
    public int FirstDay(long nowTicks)
    {
        var date = new DateTime(Math.Max(nowTicks - Days.Ticks - DayMargin.Ticks, 0));
        return date.Year * 10_000 + date.Month * 100 + date.Day;
    }

    /// <summary>Adjustments of events before this instant go, once their day is gone.</summary>
    public long FirstAdjustmentTicks(long nowTicks) => Math.Max(nowTicks - Adjustments.Ticks, 0);
}
