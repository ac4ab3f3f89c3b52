using System.Globalization;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Time;
using AutoBid.Engine;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Loop;
using AutoBid.Engine.Ports;

namespace AutoBid.Simulator.Market;

/// <summary>
/// The product's own engine as a bidder in process, with the service's rules for candidates and notices: every candidate is priced, the highest price that
/// finds headroom bids, empty headroom is refilled before the answer, and notices become the events that the service's endpoints append.
/// The engine is deterministic and its clock virtual.
/// </summary>
public sealed class EngineBidder : IMarketBidder
{
    private static readonly long SettingsTicks = new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    private readonly AutoBidEngine _engine;
    private readonly IEventLog _log;
    private readonly EngineBidderOptions _options;
    private readonly string _auctionPrefix;
    private readonly BidOffer[] _offers;
    private readonly int[] _indices;
    private GuardReasons _lastReasons;
    private HeldBid _held;
    private long _heldValueE9;
    private long _bidTicks;

    /// <param name="log">The engine's own; stays the engine's to dispose.</param>
    public EngineBidder(AutoBidEngine engine, IEventLog log, EngineBidderOptions options)
    {
        _engine = engine;
        _log = log;
        _options = options;
        _auctionPrefix = options.Play.AuctionPrefix;
        _offers = new BidOffer[options.Play.Market.Campaigns.Count];
        _indices = new int[_offers.Length];
    }

    /// <summary>Notices taken: win and bill, or loss.</summary>
    public long Notices { get; private set; }

    /// <summary>Hands a campaign's settings to the engine; it bids from the next control tick on.</summary>
    public ValueTask AddAsync(Campaign campaign)
        // Settings are ordered by version, not by time: a fixed instant keeps the event equal in every run.
        => AppendAsync(new EngineEvent { Kind = EventKind.Campaign, TenantId = campaign.TenantId, CampaignId = campaign.Id, Settings = campaign, TimeTicks = SettingsTicks });

    public async ValueTask<MarketAnswer> BidAsync(MarketOpportunity opportunity)
    {
        EngineInstant instant = _engine.Now;
        long now = instant.EventTicks;
        PriceAll(opportunity, now);
        int campaign;
        while ((campaign = Highest(opportunity)) >= 0)
        {
            if (_engine.Bids.TryHold(_indices[campaign], ref _offers[campaign], instant.LeaseTicks, _options.Hold.Ticks))
            {
                _held = _offers[campaign].Held;
                _heldValueE9 = _offers[campaign].ValueE9;
                // A notice's token has whole milliseconds.
                _bidTicks = now - now % TimeSpan.TicksPerMillisecond;
                return MarketAnswer.Bid(campaign, _offers[campaign].PriceNanos);
            }

            if (await _engine.RefillForAsync(_indices[campaign], _offers[campaign].PriceNanos, CancellationToken.None).ConfigureAwait(false)) continue;
            Drop(campaign, GuardReasons.Lease);
        }

        return MarketAnswer.NoBid(_options.NameOf(_lastReasons));
    }

    public async ValueTask NotifyAsync(MarketOpportunity opportunity, MarketAnswer bid, MarketOutcome outcome)
    {
        EngineEvent spend = SpendOf(opportunity, bid.Campaign);
        spend.AmountNanos = outcome.PriceNanos;
        if (outcome.Won)
        {
            spend.Kind = EventKind.Win;
            spend.Via = BillingChannel.Nurl;
            await AppendAsync(spend).ConfigureAwait(false);
            Notices++;
        }

        spend.Kind = outcome.Won ? EventKind.Bill : EventKind.Loss;
        spend.Via = BillingChannel.Burl;
        // The notice that settles, or says lost, also tells the market: one signal for each bid that was sent.
        EngineEvent signal = spend with { Kind = EventKind.Opportunity, TimeTicks = _bidTicks, OriginTicks = 0, AmountNanos = 0 };
        signal.ValueE9 = _heldValueE9;
        signal.MarketNanos = outcome.MinimumToWinNanos;
        signal.Flag = outcome.Won;
        await AppendAsync(spend, signal).ConfigureAwait(false);
        Notices++;
    }

    public async ValueTask<IReadOnlyList<string>> ConvertAsync(ReadOnlyMemory<EngineEvent> conversions)
    {
        await AppendAsync(conversions.ToArray()).ConfigureAwait(false);
        return [];
    }

    public async ValueTask<AdvanceResult> AdvanceAsync(DateTime instant)
        => await _engine.AdvanceToAsync(new DateTimeOffset(instant, TimeSpan.Zero), CancellationToken.None).ConfigureAwait(false);

    private void PriceAll(in MarketOpportunity opportunity, long now)
    {
        foreach (ref readonly MarketCandidate candidate in opportunity.Candidates)
        {
            int campaign = candidate.Campaign;
            _offers[campaign] = default;
            if (candidate.ValueE9 <= 0) continue;
            string id = _options.Play.Market.Campaigns[campaign].Id;
            if (!_engine.Index.TryFind(id, out _indices[campaign])) throw new InvalidOperationException($"Campaign {id} was never handed to the engine.");
            _offers[campaign] = _engine.Bids.Price(new BidQuery(_indices[campaign], candidate.Value, opportunity.FloorNanos, IsDealFloor: false), now);
            if (!_offers[campaign].IsBid) Drop(campaign, _offers[campaign].Reasons);
        }
    }

    /// <summary>The candidate with the highest price, the first of equals; -1: none bids.</summary>
    private int Highest(in MarketOpportunity opportunity)
    {
        int best = -1;
        long highest = 0;
        foreach (ref readonly MarketCandidate candidate in opportunity.Candidates)
        {
            long price = _offers[candidate.Campaign].PriceNanos;
            if (price > highest) (best, highest) = (candidate.Campaign, price);
        }

        return best;
    }

    private void Drop(int campaign, GuardReasons reasons)
    {
        _offers[campaign].PriceNanos = 0;
        _lastReasons = reasons;
    }

    private EngineEvent SpendOf(in MarketOpportunity opportunity, int campaign) => new()
    {
        TenantId = _options.Tenant,
        CampaignId = _options.Play.Market.Campaigns[campaign].Id,
        TimeTicks = Math.Max(_engine.NowTicks, _bidTicks),
        OriginTicks = _bidTicks,
        Lease = _held.LeaseId,
        Seq = _held.Seq,
        Source = _options.Exchange,
        Auction = _auctionPrefix + opportunity.Index.ToString(CultureInfo.InvariantCulture),
        Imp = "1",
    };

    private ValueTask AppendAsync(params EngineEvent[] events)
    {
        foreach (ref EngineEvent e in events.AsSpan())
        {
            e.TenantId ??= _options.Tenant;
            e.Identity = _options.Identify(e);
        }

        return _log.AppendAsync(events, CancellationToken.None);
    }
}
