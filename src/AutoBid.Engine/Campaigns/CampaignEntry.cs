using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Bidding;

namespace AutoBid.Engine.Campaigns;

/// <summary>
/// What the decision loop knows of one campaign, apart from its trajectory block. Its references point at immutable objects.
/// Owned by the loop's thread.
/// </summary>
public struct CampaignEntry
{
    /// <summary>Current settings; null: the index is reserved but the settings have not arrived.</summary>
    public Campaign? Settings;

    /// <summary>Clock of the running day. A new time zone takes over when the day ends.</summary>
    public StepClock? Clock;

    /// <summary>The campaign's partition of every keyed topic; -1: not known yet.</summary>
    public int Partition;

    // What most campaigns have nothing of at most instants; null: nothing. One reference instead of a hundred bytes in every entry.
    private Rare? _rare;

    /// <summary>The last change of time zone; none when its FromTicks is 0.</summary>
    public ZoneChange Zone
    {
        readonly get => _rare?.Zone ?? default;
        set => _rare = Rare.Of(value, LastRow);
    }

    /// <summary>Block in the trajectory store and the accumulators; -1: none yet.</summary>
    public int Block;

    /// <summary>yyyymmdd of the local day the trajectory belongs to; 0: none.</summary>
    public int Day;

    public long DayStartTicks;

    public long DayEndTicks;

    /// <summary>yyyymmdd of the day that ended last; 0: none.</summary>
    public int LastDay;

    /// <summary>How often the running day's spend changed.</summary>
    public uint SpendChanges;

    /// <summary>Account currency per unit of value, frozen for the day.</summary>
    public double Reference;

    /// <summary>Day totals. Spend by day of the bid, conversions by arrival.</summary>
    public long SpentNanos;

    public long AdjustedNanos;

    public long Conversions;

    public long ConversionValueMicros;

    public long ValueWonE9;

    /// <summary>Spend of the running step, nanos.</summary>
    public long StepSpentNanos;

    /// <summary>The multiplier in force and the one the policy asked for; 0: none yet.</summary>
    public double Multiplier;

    public double RawMultiplier;

    /// <summary>Control tick of the last decision that came from the policy itself; -1: none.</summary>
    public int LastPolicyTick;

    /// <summary>Last multiplier that the policy itself decided (guarded), and what MPC said at that step's start; 0: none.</summary>
    public double LastGood;

    public double MpcAtStepStart;

    /// <summary>Raw decision at the start of the running step, for ticks inside it; 0: none.</summary>
    public double StepStartMultiplier;

    /// <summary>Step in which the policy last decided; -1: none.</summary>
    public int DecidedStep;

    /// <summary>
    /// What the plan of a step of this day means to spend in it, as a share of the budget; step -1: nothing to compare. Not stored: a restart loses one
    /// comparison.
    /// </summary>
    public double PlannedSpend;

    public int PlannedStep;

    /// <summary>Version of the published slot.</summary>
    public int SlotVersion;

    /// <summary>Bid counters of this process up to which bidstats were emitted.</summary>
    public BidTotals Counted;

    /// <summary>Trailing market CPA for MaxConversions, account currency; 0: none.</summary>
    public double MarketCpa;

    /// <summary>This node owns the campaign's partition: it keeps the ledger and decides. Else it only bids, with the slot that the owner published.</summary>
    public bool IsOwned;

    /// <summary>State changed since the last commit; set by <see cref="CampaignBook.Touch"/>.</summary>
    public bool IsDirty;

    /// <summary>Decided since the last commit, and nothing else; set by <see cref="CampaignBook.TouchLater"/>.</summary>
    public bool IsDirtyLater;

    /// <summary>Closed steps that the ledger store has, or that a commit under way brings it, and their day (yyyymmdd); day 0: none.</summary>
    public byte StoredSteps;

    public int StoredDay;

    /// <summary>Version of the last slot heard from an owner.</summary>
    public long HeardVersion;

    /// <summary>Bids sent and won today: the win rate behind reservation <c>expected</c>.</summary>
    public long DayBids;

    public long DayWins;

    /// <summary>Settings version and day for which the ledger store knows the budgets; 0: none.</summary>
    public long BudgetVersion;

    public int BudgetDay;

    /// <summary>Last closed step whose row was published with a decision, as the number of closed steps then.</summary>
    public int PublishedRows;

    /// <summary>Last row of the day before, until it is published; none when its Elapsed is 0.</summary>
    public StepRow LastRow
    {
        readonly get => _rare?.LastRow ?? default;
        set => _rare = Rare.Of(Zone, value);
    }

    /// <summary>
    /// The day (yyyymmdd) an instant belongs to. Instants before a change of time zone belong to the days of the former one; a second change within the
    /// time that events may be late forgets the first.
    /// </summary>
    public readonly int DayAt(long utcTicks)
    {
        if (Day != 0 && utcTicks >= DayStartTicks && utcTicks < DayEndTicks) return Day;
        ZoneChange zone = Zone;
        if (zone.FromTicks == 0 || utcTicks >= zone.FirstEndTicks) return Clock!.DayAt(utcTicks).Day;
        return utcTicks >= zone.FromTicks ? zone.FirstDay : zone.Former!.DayAt(utcTicks).Day;
    }

    /// <summary>True when the campaign may bid now or later today.</summary>
    public readonly bool IsActive => Settings is { Status: CampaignStatus.Active };

    private sealed record Rare(ZoneChange Zone, StepRow LastRow)
    {
        public static Rare? Of(ZoneChange zone, in StepRow lastRow) => zone == default && lastRow.Elapsed == 0 ? null : new Rare(zone, lastRow);
    }
}
