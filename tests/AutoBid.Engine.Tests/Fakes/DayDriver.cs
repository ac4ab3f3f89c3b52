using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Events;
using AutoBid.Engine.Loop;
using AutoBid.Engine.Ports;
using AutoBid.Policies.Fallback;

namespace AutoBid.Engine.Tests.Fakes;

/// <summary>
/// A market and its exchange around one engine in deterministic mode: opportunities from a seeded stream, second price, bills and signals, conversions
/// with a delay, a few losses that never come. Everything the exchange says goes through the log.
/// </summary>
internal sealed class DayDriver : IAsyncDisposable
{
    public static readonly TimeSpan Tick = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan HoldTime = TimeSpan.FromMinutes(20);

    private readonly int _seed;
    private readonly PolicyMetrics _metrics = new();
    private readonly List<EngineEvent> _outbox = [];
    private readonly List<EngineEvent> _delayed = [];
    private int _auction;

    public DayDriver(
        int seed, InMemoryLedgerStore? store = null, InMemoryEventLog? log = null, DateTimeOffset? at = null, string node = "node-1", EngineOptions? options = null)
    {
        _seed = seed;
        Store = store ?? new InMemoryLedgerStore();
        Log = log ?? new InMemoryEventLog();
        Time = new VirtualTime(at ?? Bench.Midnight);
        options ??= new EngineOptions { Prior = Prior() };
        Engine = new AutoBidEngine(
            options with { Tick = Tick, Node = node }, new EngineClocks(Time, new ManualTimeProvider(Bench.Midnight), Deterministic: true), Log, Store,
            Bench.Chain(_metrics), Identities.Of);
    }

    public AutoBidEngine Engine { get; }

    public InMemoryLedgerStore Store { get; }

    public InMemoryEventLog Log { get; }

    public VirtualTime Time { get; }

    /// <summary>What the exchange may do to the events of one round before they are appended: shuffle, repeat.</summary>
    public Action<List<EngineEvent>>? Tamper { get; set; }

    /// <summary>Time over which the opportunities of a round come: as far as the caller advances at once.</summary>
    public TimeSpan Spread { get; init; } = Tick;

    public static IReadOnlyList<Campaign> Campaigns { get; } =
    [
        Bench.Campaign("mpc", "mpc") with { Mode = PacingMode.SpendFirst },
        Bench.Campaign("pid", "pid"),
        Bench.Campaign("roas", "mpc") with { Objective = Objective.TargetRoas, Target = 2 },
        Bench.Campaign("most", "mpc") with { Objective = Objective.MaxConversions, Target = null, Reservation = Reservation.Expected, DailyBudgetNanos = 20_000_000_000 },
        Bench.Campaign("poor", "constant") with { DailyBudgetNanos = 2_000_000_000, AccountConstant = 2 },
        Bench.Campaign("berlin", "pid") with { Schedule = new Schedule { TimeZone = "Europe/Berlin" } },
    ];

    public static PopulationPrior Prior()
    {
        double[] bid = new double[20], cost = new double[20], value = new double[20];
        for (int i = 0; i < 20; i++)
        {
            bid[i] = 2 * Math.Pow(1.3, i);
            double share = bid[i] / (bid[i] + 25);
            value[i] = 0.002 * share;
            cost[i] = value[i] * bid[i] / 2;
        }

        return new PopulationPrior(bid, cost, value, meanValue: 0.002, reference: 20, opportunitiesPerDay: 48 * 60, regimeSteps: 8);
    }

    public Task StartAsync(IEnumerable<Campaign>? campaigns = null) => Engine.StartAsync((campaigns ?? Campaigns).ToAsyncEnumerable(), default);

    /// <summary>Bids on the opportunities of the coming tick, reports them, and advances to its end.</summary>
    public async Task<AdvanceResult> RoundAsync(int opportunities = 60)
    {
        await BidAsync(opportunities);
        await FlushAsync();
        return await Engine.AdvanceToAsync(Time.GetUtcNow() + Tick, default);
    }

    public async Task FlushAsync()
    {
        long end = (Time.GetUtcNow() + Spread).UtcTicks;
        _outbox.AddRange(_delayed.Where(e => e.TimeTicks < end));
        _delayed.RemoveAll(e => e.TimeTicks < end);
        Tamper?.Invoke(_outbox);
        // One event an append: partitions interleave as they would.
        foreach (EngineEvent e in _outbox) await Log.AppendAsync(new[] { e }, default);
        _outbox.Clear();
    }

    public async Task BidAsync(int opportunities)
    {
        long now = Time.GetUtcNow().UtcTicks;
        for (int i = 0; i < opportunities; i++)
        {
            // One stream an opportunity: what one campaign does shifts nothing for the others.
            // Not HashCode.Combine, which gives every process other numbers.
            var random = new Random(unchecked((_seed * 1_000_003) + _auction++));
            long at = now + random.NextInt64(Spread.Ticks - 1);
            double value = 0.004 * random.NextDouble();
            double minimum = value * 40 * random.NextDouble();
            foreach (Campaign campaign in Campaigns)
            {
                if (!Engine.Index.TryFind(campaign.Id, out int index)) continue;
                double offered = campaign.Objective == Objective.TargetRoas ? value * 40 : value;
                BidOffer offer = Engine.Bids.Price(new BidQuery(index, offered, 0, false), now);
                if (!offer.IsBid) continue;
                if (!Engine.Bids.TryHold(index, ref offer, now, HoldTime.Ticks)
                    && (!await Engine.RefillForAsync(index, offer.PriceNanos, default) || !Engine.Bids.TryHold(index, ref offer, now, HoldTime.Ticks)))
                    continue;
                Report(campaign, offer, at, (long)(minimum * 1e9), random);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        _metrics.Dispose();
    }

    private void Report(Campaign campaign, BidOffer offer, long at, long minimum, Random random)
    {
        var e = new EngineEvent
        {
            TenantId = campaign.TenantId,
            CampaignId = campaign.Id,
            Source = "x",
            Via = BillingChannel.Burl,
            Auction = $"a{_auction}",
            Imp = "1",
            Bid = campaign.Id,
            Lease = offer.Held.LeaseId,
            Seq = offer.Held.Seq,
            OriginTicks = at,
            TimeTicks = at,
            ValueE9 = offer.ValueE9,
        };
        bool won = offer.PriceNanos >= minimum;
        _outbox.Add((e with { Kind = EventKind.Opportunity, MarketNanos = minimum, Flag = won }).Identified());
        if (won)
        {
            // Now and then an exchange bills more than was bid, or long after the hold ended.
            long price = random.Next(40) == 0 ? offer.PriceNanos + offer.PriceNanos / 2 : minimum;
            long billed = random.Next(40) == 0 ? at + TimeSpan.FromHours(1).Ticks : at;
            EngineEvent bill = (e with { Kind = EventKind.Bill, AmountNanos = price, TimeTicks = billed }).Identified();
            if (billed == at) _outbox.Add(bill);
            else _delayed.Add(bill);
            if (random.NextDouble() < 0.1)
                _delayed.Add((e with { Kind = EventKind.Convert, Source = "shop", Auction = $"k{_auction}-{campaign.Id}", Count = 1, ValueMicros = 40_000_000, TimeTicks = at + TimeSpan.FromMinutes(50).Ticks }).Identified());
        }
        else if (random.Next(10) > 0)
        {
            _outbox.Add((e with { Kind = EventKind.Loss }).Identified());
        }
    }
}
