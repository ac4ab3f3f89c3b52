using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Leases;

namespace AutoBid.Engine.Loop;

/// <summary>ledger -> trajectory: closes the steps that ended and starts the days that began. Owned by the loop's thread.</summary>
public sealed class StepCloser(CampaignBook book, LeaseDesk leases, EngineOptions options)
{
    private readonly float[] _cost = new float[ResponseGrid.Points];
    private readonly float[] _value = new float[ResponseGrid.Points];

    /// <summary>Brings one campaign to <paramref name="nowTicks"/>. Returns the number of steps closed.</summary>
    /// <param name="partial">Not everything that the steps should hold is known to have arrived.</param>
    public int Advance(int campaign, long nowTicks, bool partial = false)
    {
        ref CampaignEntry entry = ref book[campaign];
        if (entry.Settings is not { } settings) return 0;
        if (!entry.IsOwned)
        {
            Turn(campaign, nowTicks);
            return 0;
        }

        int closed = 0;
        if (entry.Day != 0 && nowTicks >= entry.DayEndTicks)
        {
            closed += CloseUpTo(campaign, StepClock.StepsPerDay, partial);
            LearnMarketCpa(ref entry);
            ReadOnlySpan<StepRow> rows = book.Trajectories.View(entry.Block).Rows;
            entry.LastRow = rows[^1];
            book.Conversions.CloseDay(campaign, new DayBounds(entry.Day, entry.DayStartTicks, entry.DayEndTicks), rows, entry.SpendChanges);
            Retire(campaign, entry.Day);
            entry.LastDay = entry.Day;
            entry.Day = 0;
            book.Touch(campaign);
        }

        if (entry.Day == 0)
        {
            if (!entry.IsActive)
            {
                book.ReturnIdleBlock(campaign, nowTicks);
                return closed;
            }

            closed += book.BeginDay(campaign, nowTicks, options);
        }

        // A changed target moves the reference at once; the market CPA estimate of MaxConversions stays frozen for the day.
        entry.Reference = settings.ReferencePrice(entry.MarketCpa);
        closed += CloseUpTo(campaign, StepClock.StepAt(new DayBounds(entry.Day, entry.DayStartTicks, entry.DayEndTicks), nowTicks), partial);
        return closed;
    }

    /// <summary>End of the running step, UTC ticks; none while no day has begun.</summary>
    public long StepEndOf(int campaign)
    {
        ref CampaignEntry entry = ref book[campaign];
        if (!entry.IsOwned || entry.Day == 0) return long.MaxValue;
        return StepClock.StepStart(new DayBounds(entry.Day, entry.DayStartTicks, entry.DayEndTicks), book.Trajectories.Closed(entry.Block) + 1);
    }

    /// <summary>The day of a campaign that another node decides: its leases are this day's.</summary>
    private void Turn(int campaign, long nowTicks)
    {
        ref CampaignEntry entry = ref book[campaign];
        if (entry.Day != 0 && nowTicks < entry.DayEndTicks) return;
        if (entry.Day != 0)
        {
            Retire(campaign, entry.Day);
            entry.LastDay = entry.Day;
        }

        DayBounds day = book.NextDay(campaign, nowTicks);
        (entry.Day, entry.DayStartTicks, entry.DayEndTicks) = (day.Day, day.StartTicks, day.EndTicks);
        // Its owner tells the store the budgets of the day; until then nothing is granted.
        entry.BudgetDay = entry.Day;
    }

    /// <summary>Ends bidding under the lease of a day that is over; one of the next day, which another owner's node may have begun, goes on.</summary>
    private void Retire(int campaign, int day)
    {
        if (leases.Look(campaign).Day <= day) leases.Retire(campaign);
    }

    /// <summary>Shows policies the running step as a partial row.</summary>
    public void ShowOpenRow(int campaign, long nowTicks)
    {
        ref CampaignEntry entry = ref book[campaign];
        int step = book.Trajectories.Closed(entry.Block);
        var day = new DayBounds(entry.Day, entry.DayStartTicks, entry.DayEndTicks);
        long start = StepClock.StepStart(day, step), end = StepClock.StepStart(day, step + 1);
        double elapsed = Math.Clamp((nowTicks - start) / (double)(end - start), 0, 0.9999);
        book.Trajectories.SetOpen(entry.Block, book.Open(campaign).ToRow(entry.Reference, entry.Multiplier, elapsed, partial: false));
    }

    private int CloseUpTo(int campaign, int step, bool partial)
    {
        ref CampaignEntry entry = ref book[campaign];
        int closed = 0;
        while (book.Trajectories.Closed(entry.Block) < step)
        {
            ref StepAccumulator open = ref book.Open(campaign);
            StepRow row = open.ToRow(entry.Reference, entry.Multiplier, 1, partial);
            if (open.Signals > 0)
            {
                open.WriteCurve(entry.Settings!.DailyBudget, entry.Reference, _cost, _value);
                book.Trajectories.Close(entry.Block, row, _cost, _value);
            }
            else
            {
                book.Trajectories.Close(entry.Block, row);
            }

            open = default;
            entry.StepSpentNanos = 0;
            book.Touch(campaign);
            closed++;
        }

        return closed;
    }

    /// <summary>What a unit of value cost today, blended into the estimate that MaxConversions bids with tomorrow.</summary>
    private static void LearnMarketCpa(ref CampaignEntry entry)
    {
        if (entry.ValueWonE9 <= 0 || entry.SpentNanos <= 0) return;
        // Nanos and value x 1e9 share their scale.
        double today = entry.SpentNanos / (double)entry.ValueWonE9;
        entry.MarketCpa = entry.MarketCpa > 0 ? Math.Sqrt(entry.MarketCpa * today) : today;
    }
}
