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
    public int Advance(int campaign, long nowTicks)
    {
        ref CampaignEntry entry = ref book[campaign];
        if (entry.Settings is not { } settings) return 0;
        int closed = 0;
        if (entry.Day != 0 && nowTicks >= entry.DayEndTicks)
        {
            closed += CloseUpTo(campaign, StepClock.StepsPerDay);
            LearnMarketCpa(ref entry);
            entry.LastRow = book.Trajectories.View(entry.Block).Rows[^1];
            leases.Retire(campaign);
            entry.Day = 0;
            entry.IsDirty = true;
        }

        if (entry.Day == 0)
        {
            if (!entry.IsActive) return closed;
            book.FindConversions(campaign)?.Prune(nowTicks - options.ConversionMemory.Ticks);
            if (entry.MarketCpa <= 0) entry.MarketCpa = options.Prior?.MarketCpa() ?? options.MarketCpa;
            book.StartDay(campaign, entry.Clock!.DayAt(nowTicks), settings.ReferencePrice(entry.MarketCpa));
        }

        // A changed target moves the reference at once; the market CPA estimate of MaxConversions stays frozen for the day.
        entry.Reference = settings.ReferencePrice(entry.MarketCpa);
        closed += CloseUpTo(campaign, StepClock.StepAt(new DayBounds(entry.Day, entry.DayStartTicks, entry.DayEndTicks), nowTicks));
        return closed;
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

    private int CloseUpTo(int campaign, int step)
    {
        ref CampaignEntry entry = ref book[campaign];
        int closed = 0;
        while (book.Trajectories.Closed(entry.Block) < step)
        {
            ref StepAccumulator open = ref book.Open(campaign);
            StepRow row = open.ToRow(entry.Reference, entry.Multiplier, 1, partial: false);
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
            entry.IsDirty = true;
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
