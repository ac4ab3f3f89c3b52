using System.Diagnostics;
using System.Numerics;
using AutoBid.Core.Bidding;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Money;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Ports;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;

namespace AutoBid.Engine.Loop;

/// <summary>trajectory -> policy -> guard -> multiplier: one control tick over every active campaign, in id order. Owned by the loop's thread.</summary>
public sealed class Decider(CampaignBook book, BidSlotTable slots, DecisionChain chain, Guard guard, EngineOptions options, EngineClocks clocks, EngineMetrics metrics)
{
    /// <summary>A tick has min(5 % of its length, 2 s) for all its chunks.</summary>
    private static readonly TimeSpan LongestDecision = TimeSpan.FromSeconds(2);

    private const ulong AllSteps = (1UL << StepClock.StepsPerDay) - 1;

    private readonly List<int> _order = [];
    private readonly DayForecast _forecast = new();
    private ChainItem[] _items = [];
    private ChainDecision[] _decisions = [];

    /// <summary>Decides, publishes the slots, and returns the records for the log.</summary>
    /// <param name="inputsAreStale">No event arrived for longer than it should take.</param>
    public List<DecisionRecord> Decide(long nowTicks, bool inputsAreStale)
    {
        Select(nowTicks);
        int count = _order.Count;
        if (_items.Length < count)
        {
            _items = new ChainItem[count];
            _decisions = new ChainDecision[count];
        }

        using Activity? span = EngineMetrics.Spans.StartActivity("autobid.tick");
        span?.SetTag("autobid.campaigns", count);
        for (int i = 0; i < count; i++) _items[i] = ItemOf(_order[i], nowTicks);
        long started = clocks.Monotonic.GetTimestamp();
        chain.Decide(_items.AsSpan(0, count), _decisions.AsSpan(0, count), Scope(started));
        double latency = count == 0 ? 0 : clocks.Monotonic.GetElapsedTime(started).TotalMilliseconds / count;

        var records = new List<DecisionRecord>(count);
        for (int i = 0; i < count; i++) records.Add(Execute(_order[i], _items[i], _decisions[i], nowTicks, inputsAreStale, latency));
        return records;
    }

    private void Select(long nowTicks)
    {
        _order.Clear();
        for (int c = 0; c < book.Count; c++)
        {
            ref CampaignEntry entry = ref book[c];
            if (entry.Settings is not { } settings) continue;
            if (!entry.IsActive) Silence(c, BidSlotFlags.Paused);
            else if (!settings.Schedule.InFlight(nowTicks)) Silence(c, BidSlotFlags.OffSchedule);
            else if (entry.IsOwned && entry.Day != 0) _order.Add(c);
        }

        _order.Sort((a, b) => string.CompareOrdinal(book.Index.IdOf(a), book.Index.IdOf(b)));
    }

    private DecisionScope Scope(long started)
    {
        if (clocks.Deterministic) return DecisionScope.Unbounded(clocks.Monotonic);
        TimeSpan budget = TimeSpan.FromTicks((long)Math.Min(options.Tick.Ticks * ModelRegistryOptions.ShareOfTick, LongestDecision.Ticks));
        return new DecisionScope(clocks.Monotonic, started + (long)(budget.TotalSeconds * clocks.Monotonic.TimestampFrequency), 0) { IsBulk = true };
    }

    private ChainItem ItemOf(int campaign, long nowTicks)
    {
        ref CampaignEntry entry = ref book[campaign];
        Campaign settings = entry.Settings!;
        TrajectoryView day = book.Trajectories.View(entry.Block);
        int tick = TickOf(entry, nowTicks);
        bool sameStep = entry.DecidedStep == day.Closed;
        ulong closedSteps = ClosedSteps(entry);
        return new ChainItem
        {
            Policy = settings.Policy,
            SafeMultiplier = SafeMultiplier.Of(day.Rows, settings.AccountConstant),
            LastAgeTicks = entry.LastPolicyTick >= 0 ? tick - entry.LastPolicyTick : int.MaxValue,
            StepStartMultiplier = sameStep ? entry.StepStartMultiplier : 0,
            MpcAtStepStart = sameStep ? entry.MpcAtStepStart : 0,
            Input = new PolicyInput
            {
                CampaignId = settings.Id,
                Day = entry.Day,
                Objective = settings.Objective,
                Mode = settings.Mode,
                Budget = settings.DailyBudget,
                Reference = entry.Reference,
                MinMultiplier = settings.MinMultiplier,
                MaxMultiplier = settings.MaxMultiplier,
                AccountConstant = settings.AccountConstant,
                Trajectory = day,
                Prior = options.Prior,
                ClosedSteps = closedSteps,
                LastMultiplier = entry.Multiplier,
            },
        };
    }

    private DecisionRecord Execute(int campaign, in ChainItem item, in ChainDecision decision, long nowTicks, bool inputsAreStale, double latencyMs)
    {
        ref CampaignEntry entry = ref book[campaign];
        Campaign settings = entry.Settings!;
        TrajectoryView day = book.Trajectories.View(entry.Block);
        int step = day.Closed;
        bool onSchedule = (settings.Schedule.StepMask() >> step & 1) != 0;
        int stepsLeft = BitOperations.PopCount(~item.Input.ClosedSteps & AllSteps & ulong.MaxValue << step);
        // Only the cut to the target asks what is due.
        bool cuts = settings is { Mode: PacingMode.TargetFirst, Objective: not Objective.MaxConversions };
        (double pending, double carried) = cuts ? book.Conversions.Due(campaign, entry, day, nowTicks) : default;
        _forecast.Build(item.Input.Forecast);
        GuardResult result = guard.Apply(new GuardInput
        {
            Raw = decision.Multiplier,
            Last = entry.Multiplier,
            Safe = item.SafeMultiplier,
            MinMultiplier = settings.MinMultiplier,
            MaxMultiplier = settings.MaxMultiplier,
            Objective = settings.Objective,
            Mode = settings.Mode,
            Budget = settings.DailyBudget,
            Spent = Nanos.ToDouble(entry.SpentNanos),
            StepSpent = Nanos.ToDouble(entry.StepSpentNanos),
            StepElapsed = day.Open.Elapsed,
            StepsLeft = stepsLeft,
            ExpectedValue = entry.ValueWonE9 / 1e9,
            RealisedConversions = entry.Conversions,
            RealisedValue = entry.ConversionValueMicros / 1e6,
            PendingValue = pending,
            CarriedValue = carried,
            Forecast = _forecast.IsKnown ? _forecast : null,
            IsColdStart = decision.IsColdStart,
            IsOffSchedule = !onSchedule,
            InputsAreStale = inputsAreStale,
        });

        Compare(ref entry, day, decision.Policy);
        Remember(ref entry, decision, result.Multiplier, step, TickOf(entry, nowTicks));
        book.TouchLater(campaign);
        BidSlot slot = SlotOf(ref entry, item.SafeMultiplier, result, onSchedule, nowTicks);
        slots.Publish(campaign, slot);
        string[] reasons = GuardReasonNames.List(result.Reasons);
        foreach (string reason in reasons) metrics.CountGuard(reason);
        return new DecisionRecord
        {
            TenantId = settings.TenantId,
            CampaignId = settings.Id,
            Day = entry.Day,
            Step = step,
            Tick = TickOf(entry, nowTicks),
            TimeTicks = nowTicks,
            Policy = decision.Policy,
            Model = decision.Model,
            FallbackStep = decision.Step is { } fallback ? FallbackNames.Of(fallback) : null,
            FallbackReason = decision.Reason is { } reasonOf ? FallbackNames.Of(reasonOf) : null,
            Reasons = reasons,
            RawMultiplier = decision.Multiplier,
            Multiplier = result.Multiplier,
            SafeMultiplier = item.SafeMultiplier,
            Reference = entry.Reference,
            BidFloorNanos = settings.BidFloorNanos,
            BidCapNanos = settings.BidCapNanos,
            SpentNanos = entry.SpentNanos,
            BudgetNanos = settings.DailyBudgetNanos,
            Conversions = entry.Conversions,
            ConversionValue = entry.ConversionValueMicros / 1e6,
            ExpiresTicks = slot.ExpiresTicks,
            // Above every version that an earlier owner can have published, committed or not.
            Version = ((book.Owned.EpochOf(entry.Partition) - 1) << 32) + slot.Version,
            Blocked = slot.Flags,
            LatencyMs = latencyMs,
            Row = UnpublishedRow(ref entry, day),
            Plan = decision.Plan,
        };
    }

    /// <summary>Steps of the day in which the campaign may not bid: outside its hours or its flight.</summary>
    private static ulong ClosedSteps(in CampaignEntry entry)
    {
        Schedule schedule = entry.Settings!.Schedule;
        ulong closed = ~schedule.StepMask() & AllSteps;
        long start = schedule.FlightStart?.Ticks ?? 0, end = schedule.FlightEnd?.Ticks ?? long.MaxValue;
        if (start <= entry.DayStartTicks && end >= entry.DayEndTicks) return closed;
        var day = new DayBounds(entry.Day, entry.DayStartTicks, entry.DayEndTicks);
        for (int s = 0; s < StepClock.StepsPerDay; s++)
            if (StepClock.StepStart(day, s) >= end || StepClock.StepStart(day, s + 1) <= start) closed |= 1UL << s;
        return closed;
    }

    /// <summary>Once per planned step, when it has closed: how far its spend is from the plan's, as a share of an even step.</summary>
    private void Compare(ref CampaignEntry entry, in TrajectoryView day, string policy)
    {
        (int step, double planned) = (entry.PlannedStep, entry.PlannedSpend);
        if (step < 0 || step >= day.Closed) return;
        entry.PlannedStep = -1;
        double even = entry.Settings!.DailyBudget / StepClock.StepsPerDay;
        if (even > 0) metrics.RecordPlanDivergence(policy, Math.Abs(day.Rows[step].Cost / even - planned * StepClock.StepsPerDay));
    }

    private static void Remember(ref CampaignEntry entry, in ChainDecision decision, double multiplier, int step, int tick)
    {
        entry.RawMultiplier = decision.Multiplier;
        entry.Multiplier = multiplier;
        if (decision.Step is null)
        {
            entry.LastPolicyTick = tick;
            entry.LastGood = multiplier;
        }

        if (!decision.IsPlanned) return;
        entry.DecidedStep = step;
        entry.StepStartMultiplier = decision.Multiplier;
        entry.MpcAtStepStart = decision.Mpc;
        if (decision.Plan is not { } plan) return;
        (entry.PlannedStep, entry.PlannedSpend) = (plan.FirstStep, plan.Spend[0]);
    }

    private BidSlot SlotOf(ref CampaignEntry entry, double safe, GuardResult result, bool onSchedule, long nowTicks)
    {
        // A slot lives two ticks: one late tick does not move a node to the safe multiplier.
        long life = 2 * options.Tick.Ticks;
        return new BidSlot
        {
            BidPerValue = result.Multiplier * entry.Reference,
            SafeBidPerValue = safe * entry.Reference,
            FloorNanos = entry.Settings!.BidFloorNanos,
            CapNanos = entry.Settings.BidCapNanos,
            ExpiresTicks = nowTicks + life,
            DeadTicks = nowTicks + 2 * life,
            Flags = (onSchedule ? BidSlotFlags.None : BidSlotFlags.OffSchedule)
                | (entry.SpentNanos >= entry.Settings.DailyBudgetNanos ? BidSlotFlags.OutOfBudget : BidSlotFlags.None),
            Version = ++entry.SlotVersion,
        };
    }

    /// <summary>A paused or ended campaign stops at once, not when its slot dies.</summary>
    private void Silence(int campaign, BidSlotFlags why)
    {
        ref CampaignEntry entry = ref book[campaign];
        // The slot itself is asked, not the entry: after a restart the entry is restored and the slot is not.
        slots.Read(campaign, out BidSlot published);
        if (published.Version > 0 && published.Flags == why) return;
        entry.Multiplier = 0;
        slots.Publish(campaign, new BidSlot { Flags = why, Version = ++entry.SlotVersion, ExpiresTicks = long.MaxValue, DeadTicks = long.MaxValue });
    }

    /// <summary>The row of the step that closed last, once; at the start of a day the last one of the day before.</summary>
    private static float[] UnpublishedRow(ref CampaignEntry entry, in TrajectoryView day)
    {
        if (entry.LastRow.Elapsed > 0)
        {
            float[] last = RowOf(entry.LastRow);
            entry.LastRow = default;
            if (day.Closed == 0) return last;
        }

        if (day.Closed <= entry.PublishedRows) return [];
        entry.PublishedRows = day.Closed;
        return RowOf(day.Rows[^1]);
    }

    private int TickOf(in CampaignEntry entry, long nowTicks) => (int)((nowTicks - entry.DayStartTicks) / options.Tick.Ticks);

    private static float[] RowOf(in StepRow row) =>
    [
        row.Impressions, row.SumValue, row.SumBid, row.Multiplier, row.MeanLeastWinningCost, row.Signals, row.Wins, row.Exposures, row.Cost,
        row.Conversions, row.ConversionValue, row.ValueWon, row.LateCost, row.LateConversions, row.Elapsed, row.Partial,
    ];
}
