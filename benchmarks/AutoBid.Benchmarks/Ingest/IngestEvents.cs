using AutoBid.Core.Campaigns;
using AutoBid.Core.Money;
using AutoBid.Engine.Events;

namespace AutoBid.Benchmarks.Ingest;

/// <summary>
/// A stream as an exchange, a shop and the nodes send it, in order of time: of 100 events 30 opportunities and 20 losses and 12 bills of own bids,
/// 12 foreign bills, 6 conversions, 20 bidstats; two in a hundred are copies of one of the last 5,000. The same seed gives the same stream.
/// </summary>
/// <param name="bids">The open bids of each campaign; when they are used up, bids are foreign ones.</param>
internal sealed class IngestEvents(OpenBids[] bids, long fromTicks, long throughTicks, int total, int seed = 1)
{
    public const string Tenant = "default";

    private const int Remembered = 5_000;

    private readonly Random _random = new(seed);
    private readonly long[] _ended = new long[bids.Length];
    private readonly long[] _told = new long[bids.Length];
    private readonly EngineEvent[] _recent = new EngineEvent[Remembered];
    private readonly string[] _ids = [.. Enumerable.Range(0, bids.Length).Select(IdOf)];
    private int _made;

    public int Duplicates { get; private set; }

    public int OwnBids { get; private set; }

    public static string IdOf(int campaign) => $"campaign-{campaign}";

    public static Campaign CampaignOf(int campaign) => new()
    {
        Id = IdOf(campaign),
        TenantId = Tenant,
        Objective = Objective.TargetCpa,
        Target = 25,
        DailyBudgetNanos = 1_000_000 * Nanos.PerUnit,
        Policy = "constant",
    };

    public EngineEvent Next()
    {
        int number = _made++;
        if (number >= Remembered && _random.Next(100) < 2)
        {
            Duplicates++;
            return _recent[_random.Next(Remembered)];
        }

        int campaign = _random.Next(bids.Length);
        int pick = _random.Next(100);
        var e = new EngineEvent
        {
            TenantId = Tenant,
            CampaignId = _ids[campaign],
            TimeTicks = fromTicks + (long)((throughTicks - fromTicks) * ((double)number / total)),
            Source = pick < 74 ? "adx" : pick < 80 ? "shop" : "node-1",
        };
        e.OriginTicks = e.TimeTicks - 3 * TimeSpan.TicksPerSecond;
        if (pick < 62)
        {
            e.Kind = pick < 30 ? EventKind.Opportunity : pick < 50 ? EventKind.Loss : EventKind.Bill;
            ref long next = ref (e.Kind == EventKind.Opportunity ? _told : _ended)[campaign];
            if (next < bids[campaign].Count)
            {
                e.Lease = bids[campaign].Lease;
                e.Seq = bids[campaign].FirstSeq + next++;
                OwnBids++;
            }
        }
        else if (pick < 74)
        {
            e.Kind = EventKind.Bill;
        }
        else if (pick < 80)
        {
            e.Kind = EventKind.Convert;
        }
        else
        {
            e.Kind = EventKind.BidStats;
        }

        switch (e.Kind)
        {
            case EventKind.Opportunity:
                e.ValueE9 = 500_000 + _random.Next(2_000_000);
                e.MarketNanos = 5_000_000 + _random.Next(80_000_000);
                e.Flag = _random.Next(5) == 0;
                e.OriginTicks = 0;
                break;
            case EventKind.Convert:
                e.Auction = $"order-{number:x8}-{_random.Next():x8}";
                e.Count = 1;
                e.ValueMicros = 25_000_000;
                break;
            case EventKind.BidStats:
                // A node's counts of one campaign bear times that differ.
                e.TimeTicks += number % 1000;
                e.Count = 40;
                e.Bids = 35;
                e.ValueE9 = 40_000_000;
                e.MarketNanos = 35_000_000;
                e.AmountNanos = 900_000_000;
                e.OriginTicks = 0;
                break;
            default:
                e.AmountNanos = e.Kind == EventKind.Loss ? 0 : 1_000_000 + _random.Next(40_000_000);
                break;
        }

        if (pick < 74)
        {
            e.Auction = $"{_random.NextInt64():x16}{_random.NextInt64():x16}";
            e.Imp = "1";
            e.Bid = e.Kind == EventKind.Opportunity ? null : $"{number:x12}";
        }

        _recent[number % Remembered] = e;
        return e;
    }
}
