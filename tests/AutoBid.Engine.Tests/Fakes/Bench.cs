using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Money;
using AutoBid.Core.Time;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Ledger.Dedupe;
using AutoBid.Engine.Loop;
using AutoBid.Engine.Ports;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;

namespace AutoBid.Engine.Tests.Fakes;

/// <summary>The parts of the loop without the loop: one book, one desk, the applier, closer, decider and refiller around them.</summary>
internal sealed class Bench : IDisposable
{
    public static readonly DateTimeOffset Midnight = new(2025, 6, 2, 0, 0, 0, TimeSpan.Zero);

    public const int Day = 20250602;

    private readonly PolicyMetrics _policyMetrics = new();

    public Bench(EngineOptions? options = null, params IBidPolicy[] more)
    {
        Options = options ?? new EngineOptions { Tick = TimeSpan.FromMinutes(30) };
        Book = new CampaignBook(Slots, Leases, Counters, Options.Delays);
        Seen = new SeenMemory(Options.DedupeWindow);
        Pending = new PendingCommit(Seen);
        Applier = new EventApplier(Book, Leases, Seen, Pending, Options, Metrics);
        // The fake answers at once.
        Book.Place(static _ => 0);
        Book.Own(Store.ClaimAsync(Options.Node, [0], 1, default).AsTask().GetAwaiter().GetResult());
        Closer = new StepCloser(Book, Leases, Options);
        Refiller = new LeaseRefiller(Book, Leases, Counters, Store, Options, new NothingUncommitted(), deterministic: true);
        Decider = new Decider(Book, Slots, Chain(_policyMetrics, more), new Guard(Options.Guard), Options, new EngineClocks(new VirtualTime(Midnight), new ManualTimeProvider(Midnight), true), Metrics);
    }

    public EngineOptions Options { get; }

    public BidSlotTable Slots { get; } = new();

    public LeaseDesk Leases { get; } = new();

    public BidCounters Counters { get; } = new();

    public CampaignBook Book { get; }

    public SeenMemory Seen { get; }

    public PendingCommit Pending { get; }

    public EngineMetrics Metrics { get; } = new();

    public InMemoryLedgerStore Store { get; } = new();

    public EventApplier Applier { get; }

    public StepCloser Closer { get; }

    public LeaseRefiller Refiller { get; }

    public Decider Decider { get; }

    public static DecisionChain Chain(PolicyMetrics metrics, params IBidPolicy[] more)
        => new(new PolicyCatalog([new MpcPolicy(), new PidPolicy(), new ConstantPolicy(), .. more], null, new ManualTimeProvider(Midnight)), metrics);

    public static long At(double hours) => Midnight.AddHours(hours).UtcTicks;

    public static Campaign Campaign(string id = "c1", string policy = "constant") => new()
    {
        Id = id,
        TenantId = "t1",
        Objective = Objective.TargetCpa,
        Target = 20,
        DailyBudgetNanos = 100 * Nanos.PerUnit,
        Policy = policy,
    };

    /// <summary>A campaign whose day has begun and stands at <paramref name="hours"/>.</summary>
    public int Open(Campaign campaign, double hours = 0)
    {
        int index = Book.Upsert(campaign);
        Closer.Advance(index, At(hours));
        Closer.ShowOpenRow(index, At(hours));
        return index;
    }

    public string? Apply(EngineEvent e, double nowHours = 10)
    {
        Applier.Apply(e.Identified(), At(nowHours), out string? rejection);
        return rejection;
    }

    /// <summary>What the next commit would carry of a campaign, in the order in which it is restored.</summary>
    public List<CampaignState> Save(int campaign)
    {
        var states = new List<CampaignState>();
        StateCodec.Add(Book, campaign, states);
        return [.. states.OrderBy(state => state.Day)];
    }

    public void Load(int campaign, IEnumerable<CampaignState> states)
    {
        foreach (CampaignState state in states) StateCodec.Read(Book, campaign, state);
    }

    public ref CampaignEntry Entry(int campaign) => ref Book[campaign];

    public string Hash() => StateHash.Of(Book, Seen, []);

    public void Dispose()
    {
        Metrics.Dispose();
        _policyMetrics.Dispose();
    }

    // Events of campaign c1, tenant t1.
    public static EngineEvent Bill(long lease, long seq, long price, double bidHours = 10, string campaign = "c1") => new()
    {
        Kind = EventKind.Bill,
        Via = BillingChannel.Burl,
        TenantId = "t1",
        CampaignId = campaign,
        Source = "x",
        Auction = $"a{lease}-{seq}",
        Imp = "1",
        Bid = "b",
        Lease = lease,
        Seq = seq,
        AmountNanos = price,
        OriginTicks = At(bidHours),
        TimeTicks = At(bidHours) + 5,
    };

    public static EngineEvent Foreign(string auction, long price, double bidHours = 10) => Bill(0, 0, price, bidHours) with { Auction = auction };

    public static EngineEvent Refund(string id, long price, double bidHours = 10)
        => Bill(0, 0, -price, bidHours) with { Kind = EventKind.Adjust, Id = id };

    public static EngineEvent Conversion(string id, EventKind kind = EventKind.Convert, long revision = 1, double value = 1, double clickHours = 10, double hours = 10) => new()
    {
        Kind = kind,
        TenantId = "t1",
        CampaignId = "c1",
        Source = "shop",
        Auction = id,
        Count = revision,
        ValueMicros = (long)(value * 1e6),
        OriginTicks = At(clickHours),
        TimeTicks = At(hours),
    };

    public static EngineEvent Signal(string auction, long valueE9, long minimum, bool won, double hours = 10) => new()
    {
        Kind = EventKind.Opportunity,
        TenantId = "t1",
        CampaignId = "c1",
        Source = "x",
        Auction = auction,
        Imp = "1",
        ValueE9 = valueE9,
        MarketNanos = minimum,
        Flag = won,
        TimeTicks = At(hours),
    };

    public static EngineEvent Stats(int n, double hours = 10) => new()
    {
        Kind = EventKind.BidStats,
        TenantId = "t1",
        CampaignId = "c1",
        Source = "node",
        Count = 10 + n,
        Bids = 5 + n,
        ValueE9 = 1000 * n,
        MarketNanos = 500 * n,
        AmountNanos = 10_000 * n,
        TimeTicks = At(hours) + n,
    };
}
