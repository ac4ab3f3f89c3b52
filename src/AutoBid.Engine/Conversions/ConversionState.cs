using System.Runtime.CompilerServices;
using AutoBid.Core.Conversions;

namespace AutoBid.Engine.Conversions;

/// <summary>Click days and delays of one campaign, 1.2 KB, reference-free. Rented with its first conversion or the first day that won anything.</summary>
internal struct ConversionState
{
    /// <summary>Today, 30 days in which conversions may come, and one that is closed.</summary>
    public const int Days = 32;

    public DelayEvidence Delays;

    /// <summary>UTC ticks up to which the exposure of wins is folded into <see cref="Delays"/>.</summary>
    public long FoldedTicks;

    public Rows Click;

    /// <summary>
    /// Row of a day, made if need be; null reference when it is older than all rows kept. The rows are the latest days touched, in whatever order they were.
    /// </summary>
    public static ref ClickDay RowOf(ref ConversionState state, int day)
    {
        Span<ClickDay> rows = state.Click;
        int oldest = 0;
        for (int i = 0; i < Days; i++)
        {
            if (rows[i].Day == day) return ref rows[i];
            if (rows[i].Day < rows[oldest].Day) oldest = i;
        }

        // An empty row is older than any day.
        if (rows[oldest].Day > day) return ref Unsafe.NullRef<ClickDay>();
        rows[oldest] = new ClickDay { Day = day };
        return ref rows[oldest];
    }

    [InlineArray(Days)]
    public struct Rows
    {
        private ClickDay _first;
    }
}
