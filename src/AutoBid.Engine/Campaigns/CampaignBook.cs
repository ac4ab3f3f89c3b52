using AutoBid.Core.Campaigns;
using AutoBid.Core.Conversions;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Conversions;
using AutoBid.Engine.Leases;

namespace AutoBid.Engine.Campaigns;

/// <summary>
/// Every campaign this engine owns: settings, day state, trajectory, running step. Flat arrays by campaign index; owned by the loop's thread,
/// but for the index, the slots and the counters, which bid threads read.
/// </summary>
public sealed class CampaignBook(BidSlotTable slots, LeaseDesk leases, BidCounters counters, DelayPrior? delays = null)
{
    private readonly ChunkedArray<CampaignEntry> _states = new();
    private readonly ChunkedArray<StepAccumulator> _open = new();
    private readonly Dictionary<string, StepClock> _clocks = new(StringComparer.Ordinal);

    public CampaignIndex Index { get; } = new();

    public TrajectoryStore Trajectories { get; } = new();

    /// <summary>Single conversions, click days and delays.</summary>
    public ConversionLedger Conversions { get; } = new(delays ?? DelayPrior.Display);

    public int Count => Index.Count;

    public ref CampaignEntry this[int campaign] => ref _states[campaign];

    /// <summary>Sums of the running step. The campaign must have a block.</summary>
    public ref StepAccumulator Open(int campaign) => ref _open[_states[campaign].Block];

    /// <summary>Applies settings; older or equal versions are ignored. Returns the campaign's index.</summary>
    public int Upsert(Campaign settings)
    {
        if (!Index.TryFind(settings.Id, out int campaign))
        {
            campaign = Index.Reserve(settings.Id);
            _states.EnsureCapacity(campaign + 1);
            slots.EnsureCapacity(campaign + 1);
            counters.EnsureCapacity(campaign + 1);
            leases.EnsureCapacity(campaign + 1);
            _states[campaign] = new CampaignEntry { Block = -1, LastPolicyTick = -1, DecidedStep = -1, RemainingNanos = -1 };
            // The id becomes visible to bid threads only after every array has its row.
            Index.Publish(settings.Id, campaign);
        }

        ref CampaignEntry state = ref _states[campaign];
        if (state.Settings is { } known && known.Version >= settings.Version) return campaign;
        // The running day keeps its zone; the new one takes over when it ends.
        state.Clock ??= ClockOf(settings.Schedule.TimeZone);
        state.Settings = settings;
        state.IsDirty = true;
        return campaign;
    }

    /// <summary>
    /// Bounds of the day that begins when the one before is over: the local day of now, but for what of it a day of the former time zone has taken.
    /// </summary>
    public DayBounds NextDay(int campaign, long nowTicks)
    {
        ref CampaignEntry state = ref _states[campaign];
        StepClock clock = ClockOf(state.Settings!.Schedule.TimeZone);
        DayBounds day = clock.DayAt(nowTicks);
        if (clock == state.Clock) return day;
        // An entry without a day behind it has nothing to overlap with.
        if (state.LastDay != 0)
        {
            if (day.StartTicks < state.DayEndTicks || day.Day <= state.LastDay)
            {
                // A date is used once: what is left of a date that the former zone had (two, across the date line) goes to the next.
                DayBounds last = day;
                while (last.Day <= state.LastDay) last = clock.DayAt(last.EndTicks);
                day = new DayBounds(last.Day, Math.Max(day.StartTicks, state.DayEndTicks), last.EndTicks);
            }

            state.Zone = new ZoneChange(state.Clock, day.StartTicks, day.Day, day.EndTicks);
        }

        state.Clock = clock;
        return day;
    }

    /// <summary>Starts a new day for a campaign: totals, trajectory and running step begin at zero.</summary>
    public void StartDay(int campaign, DayBounds day, double reference)
    {
        ref CampaignEntry state = ref _states[campaign];
        RentBlock(campaign);
        Trajectories.Reset(state.Block);
        _open[state.Block] = default;
        state.Day = day.Day;
        state.DayStartTicks = day.StartTicks;
        state.DayEndTicks = day.EndTicks;
        state.Reference = reference;
        state.SpentNanos = state.AdjustedNanos = state.StepSpentNanos = 0;
        state.Conversions = state.ConversionValueMicros = state.ValueWonE9 = 0;
        state.DayBids = state.DayWins = 0;
        state.SpendChanges = 0;
        state.RemainingNanos = -1;
        state.LastPolicyTick = state.DecidedStep = -1;
        state.StepStartMultiplier = state.MpcAtStepStart = 0;
        state.PublishedRows = 0;
        state.IsDirty = true;
    }

    /// <summary>Gives a campaign its trajectory block and accumulators, once.</summary>
    public void RentBlock(int campaign)
    {
        ref CampaignEntry state = ref _states[campaign];
        if (state.Block >= 0) return;
        state.Block = Trajectories.Rent();
        _open.EnsureCapacity(state.Block + 1);
        _open[state.Block] = default;
    }

    /// <summary>The clock of a time zone, one for all campaigns in it.</summary>
    internal StepClock ClockOf(string timeZone)
    {
        if (!_clocks.TryGetValue(timeZone, out StepClock? clock))
            _clocks.Add(timeZone, clock = new StepClock(TimeZoneInfo.FindSystemTimeZoneById(timeZone)));
        return clock;
    }
}
