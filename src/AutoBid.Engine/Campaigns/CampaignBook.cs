using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Leases;

namespace AutoBid.Engine.Campaigns;

/// <summary>
/// Every campaign this engine owns: settings, day state, trajectory, running step. Flat arrays by campaign index; owned by the loop's thread,
/// but for the index, the slots and the counters, which bid threads read.
/// </summary>
public sealed class CampaignBook(BidSlotTable slots, LeaseDesk leases, BidCounters counters)
{
    private readonly ChunkedArray<CampaignEntry> _states = new();
    private readonly ChunkedArray<StepAccumulator> _open = new();
    private readonly Dictionary<string, StepClock> _clocks = new(StringComparer.Ordinal);
    private readonly Dictionary<int, ConversionBook> _conversions = [];

    public CampaignIndex Index { get; } = new();

    public TrajectoryStore Trajectories { get; } = new();

    /// <summary>Partition of a campaign id; the log knows it.</summary>
    public Func<string, int> PartitionOf { get; init; } = static _ => 0;

    public OwnedPartitions Owned { get; } = new();

    public int Count => Index.Count;

    public ref CampaignEntry this[int campaign] => ref _states[campaign];

    /// <summary>Sums of the running step. The campaign must have a block.</summary>
    public ref StepAccumulator Open(int campaign) => ref _open[_states[campaign].Block];

    /// <summary>Conversions of a campaign by id, or null: it never had one.</summary>
    public ConversionBook? FindConversions(int campaign) => _conversions.GetValueOrDefault(campaign);

    /// <summary>Conversions of a campaign by id, for retractions and restatements; begun when it has none yet.</summary>
    public ConversionBook Conversions(int campaign)
    {
        if (!_conversions.TryGetValue(campaign, out ConversionBook? book)) _conversions.Add(campaign, book = new ConversionBook());
        return book;
    }

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
                Partition = PartitionOf(settings.Id),
                Block = -1,
                LastPolicyTick = -1,
                DecidedStep = -1,
                RemainingNanos = -1,
            };
            // The id becomes visible to bid threads only after every array has its row.
            Index.Publish(settings.Id, campaign);
        }

        ref CampaignEntry state = ref _states[campaign];
        if (state.Settings is { } known && known.Version >= settings.Version) return campaign;
        if (state.Settings?.Schedule.TimeZone != settings.Schedule.TimeZone) state.Clock = ClockOf(settings.Schedule.TimeZone);
        state.Settings = settings;
        state.IsDirty = true;
        return campaign;
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

    private StepClock ClockOf(string timeZone)
    {
        if (!_clocks.TryGetValue(timeZone, out StepClock? clock))
            _clocks.Add(timeZone, clock = new StepClock(TimeZoneInfo.FindSystemTimeZoneById(timeZone)));
        return clock;
    }
}
