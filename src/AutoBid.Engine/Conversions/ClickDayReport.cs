using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Conversions;

/// <summary>The click-day report of one campaign: conversions from the engine, spend from the ledger.</summary>
internal static class ClickDayReport
{
    /// <summary>
    /// Click days with a row, and days that only spent, the last <see cref="ConversionState.Days"/> of them. Not those that the ledger may have forgotten, as
    /// a campaign that was paused for long has some: their spend is not known.
    /// </summary>
    public static IReadOnlyList<ClickDayView> Of(
        CampaignBook book, int campaign, IReadOnlyList<BudgetRow> budgets, long nowTicks, EngineOptions options)
    {
        ref CampaignEntry entry = ref book[campaign];
        int closedBefore = entry.Clock is null ? 0 : entry.DayAt(nowTicks - options.ConversionMemory.Ticks);
        Core.Trajectories.TrajectoryView trajectory = entry.Block >= 0 ? book.Trajectories.View(entry.Block) : default;
        List<ClickDayView> days = book.Conversions.Days(campaign, entry, trajectory, nowTicks, closedBefore);
        foreach (BudgetRow row in budgets)
        {
            if (row.Scope != BudgetScope.Day || row.SettledNanos == 0) continue;
            int at = days.FindIndex(day => day.Day == row.Period);
            if (at >= 0) days[at] = days[at] with { SpentNanos = row.SettledNanos };
            else days.Add(new ClickDayView(row.Period, 0, row.SettledNanos, 0, 0, 0, 0, row.Period < closedBefore));
        }

        int firstKept = options.Retention.FirstDay(nowTicks);
        days.RemoveAll(day => day.Day < firstKept);
        days.Sort(static (a, b) => a.Day.CompareTo(b.Day));
        return days.Count > ConversionState.Days ? days[^ConversionState.Days..] : days;
    }
}
