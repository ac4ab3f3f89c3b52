using AutoBid.Core.Campaigns;
using AutoBid.Core.Conversions;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Conversions;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ports;

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
    private readonly Queue<int> _later = new();
    private List<int> _dirty = [];

    public CampaignIndex Index { get; } = new();

    public TrajectoryStore Trajectories { get; } = new();

    /// <summary>Partition of a campaign id; null until the log knows how many there are.</summary>
    public Func<string, int>? PartitionOf { get; private set; }

    public OwnedPartitions Owned { get; } = new();
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
            _states[campaign] = new CampaignEntry
            {
                Partition = PartitionOf?.Invoke(settings.Id) ?? -1,
                Block = -1,
                LastPolicyTick = -1,
                DecidedStep = -1,
                PlannedStep = -1,
            };
            _states[campaign].IsOwned = Owned.Contains(_states[campaign].Partition);
            // The id becomes visible to bid threads only after every array has its row.
            Index.Publish(settings.Id, campaign);
        }

        ref CampaignEntry state = ref _states[campaign];
        if (state.Settings is { } known && known.Version >= settings.Version) return campaign;
        // The running day keeps its zone; the new one takes over when it ends.
        state.Clock ??= ClockOf(settings.Schedule.TimeZone);
        // One reference write: bid threads read it.
        Volatile.Write(ref state.Settings, settings);
        if (state.IsOwned) Touch(campaign);
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

    /// <summary>
    /// Begins the day of an instant and closes its steps before it, empty: at the day's first tick, or with its first event when that comes before
    /// (a new campaign, or one that is paused), so that no money or conversion falls between two days. Returns the steps closed.
    /// </summary>
    public int BeginDay(int campaign, long nowTicks, EngineOptions options)
    {
        ref CampaignEntry state = ref _states[campaign];
        Conversions.Book.Prune(campaign, nowTicks - options.ConversionMemory.Ticks);
        if (state.MarketCpa <= 0) state.MarketCpa = options.Prior?.MarketCpa() ?? options.MarketCpa;
        DayBounds day = NextDay(campaign, nowTicks);
        StartDay(campaign, day, state.Settings!.ReferencePrice(state.MarketCpa));
        int closed = StepClock.StepAt(day, nowTicks);
        for (int step = 0; step < closed; step++) Trajectories.Close(state.Block, _open[state.Block].ToRow(state.Reference, state.Multiplier, 1, partial: false));
        return closed;
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
        state.LastPolicyTick = state.DecidedStep = state.PlannedStep = -1;
        state.StepStartMultiplier = state.MpcAtStepStart = 0;
        state.PublishedRows = 0;
        HasUntoldDays = true;
        Touch(campaign);
    }

    /// <summary>The campaign's state changed: the next commit carries it.</summary>
    public void Touch(int campaign)
    {
        ref CampaignEntry state = ref _states[campaign];
        if (state.IsDirty) return;
        state.IsDirty = true;
        _dirty.Add(campaign);
    }

    /// <summary>
    /// Only what the loop remembers of its decision changed: a later commit may carry it, so that a tick over all campaigns does not make one commit of all
    /// their states. What events or the clock changed must not wait: the next commit's offsets pass those events.
    /// </summary>
    public void TouchLater(int campaign)
    {
        ref CampaignEntry state = ref _states[campaign];
        if (state.IsDirty || state.IsDirtyLater) return;
        state.IsDirtyLater = true;
        _later.Enqueue(campaign);
    }

    public bool HasDirty => _dirty.Count > 0 || _later.Count > 0;

    /// <summary>Days have begun whose budgets nobody has told the store.</summary>
    public bool HasUntoldDays { get; set; }

    /// <summary>Campaigns touched since the last call, and of those that may wait at most <paramref name="mostLater"/>, oldest first.</summary>
    public List<int> TakeDirty(int mostLater)
    {
        List<int> taken = _dirty;
        _dirty = [];
        foreach (int campaign in taken) _states[campaign].IsDirty = _states[campaign].IsDirtyLater = false;
        while (mostLater > 0 && _later.TryDequeue(out int campaign))
        {
            // Its mark is gone: it was taken with the others, or given up, since it was queued.
            if (!_states[campaign].IsDirtyLater) continue;
            _states[campaign].IsDirtyLater = false;
            taken.Add(campaign);
            mostLater--;
        }

        return taken;
    }

    /// <summary>The log knows its partitions: from here on every campaign has its own.</summary>
    public void Place(Func<string, int> partitionOf)
    {
        if (PartitionOf is not null) return;
        PartitionOf = partitionOf;
        for (int c = 0; c < Count; c++) _states[c].Partition = partitionOf(Index.IdOf(c));
    }

    /// <summary>Takes partitions over: their campaigns begin without any state, which the caller restores.</summary>
    public void Own(IReadOnlyList<PartitionClaim> claims)
    {
        Owned.Add(claims);
        for (int c = 0; c < Count; c++)
            if (claims.Any(claim => claim.Partition == _states[c].Partition)) Clear(c, owned: true);
        _dirty.RemoveAll(c => !_states[c].IsDirty);
    }

    /// <summary>Gives partitions up: their campaigns keep only what bidding needs.</summary>
    public void Disown(IReadOnlyList<int> partitions)
    {
        foreach (int partition in partitions) Owned.Remove(partition);
        for (int c = 0; c < Count; c++)
            if (partitions.Contains(_states[c].Partition)) Clear(c, owned: false);
        _dirty.RemoveAll(c => !_states[c].IsDirty);
    }

    private void Clear(int campaign, bool owned)
    {
        ref CampaignEntry state = ref _states[campaign];
        if (state.Block >= 0) Trajectories.Return(state.Block);
        Conversions.Forget(campaign);
        state = new CampaignEntry
        {
            Settings = state.Settings,
            Clock = state.Clock,
            Zone = state.Zone,
            LastDay = state.LastDay,
            Partition = state.Partition,
            IsOwned = owned,
            Block = -1,
            // Whoever only bids goes on in the day it bids in; an owner's day comes with its state.
            Day = owned ? 0 : state.Day,
            DayStartTicks = state.DayStartTicks,
            DayEndTicks = state.DayEndTicks,
            Reference = state.Reference,
            LastPolicyTick = -1,
            DecidedStep = -1,
            PlannedStep = -1,
            BudgetDay = owned ? 0 : state.Day,
            SlotVersion = state.SlotVersion,
            HeardVersion = state.HeardVersion,
            Counted = state.Counted,
        };
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

    /// <summary>
    /// Gives back the block of a campaign that has had no day for a whole day's length: it ended, or is paused for long. Rows of its last day are
    /// gone after that; a day that begins rents another one.
    /// </summary>
    public void ReturnIdleBlock(int campaign, long nowTicks)
    {
        ref CampaignEntry state = ref _states[campaign];
        if (state.Block < 0 || state.Day != 0 || nowTicks - state.DayEndTicks < TimeSpan.TicksPerDay) return;
        Trajectories.Return(state.Block);
        state.Block = -1;
        Touch(campaign);
    }

    /// <summary>The clock of a time zone, one for all campaigns in it.</summary>
    internal StepClock ClockOf(string timeZone)
    {
        if (!_clocks.TryGetValue(timeZone, out StepClock? clock))
            _clocks.Add(timeZone, clock = new StepClock(TimeZoneInfo.FindSystemTimeZoneById(timeZone)));
        return clock;
    }
}
