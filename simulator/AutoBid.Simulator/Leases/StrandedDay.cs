using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Time;
using AutoBid.Engine;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Loop;
using AutoBid.Engine.Ports;
using AutoBid.Simulator.Market;
using AutoBid.Simulator.Random;

namespace AutoBid.Simulator.Leases;

/// <summary>
/// How much of a budget holds strand: one campaign bids evenly for a day on the engine's own lease desk and refiller, with the live loop's rules, and
/// nobody sends loss notices. The same options give the same figures.
/// </summary>
public sealed class StrandedDay
{
    private const string Node = "node-1";

    private static readonly DateTimeOffset Midnight = new(2025, 6, 2, 0, 0, 0, TimeSpan.Zero);

    private readonly StrandedDayOptions _options;
    private readonly MemoryLedgerStore _store;
    private readonly LeaseDesk _leases = new();
    private readonly CampaignBook _book;
    private readonly BidDesk _bids;
    private readonly LeaseRefiller _refiller;
    private readonly StepCloser _closer;
    private readonly List<HeldBid> _won = [];
    private readonly List<long> _wonPrices = [];
    private readonly RandomStream _prices;
    private readonly RandomStream _wins;
    private long _spentNanos;
    private long _adjustedNanos;
    private long _sent;
    private long _refused;

    private StrandedDay(StrandedDayOptions options, MemoryLedgerStore store)
    {
        _options = options;
        _store = store;
        var counters = new BidCounters();
        var slots = new BidSlotTable();
        var engine = new EngineOptions { Node = Node };
        _book = new CampaignBook(slots, _leases, counters);
        _bids = new BidDesk(slots, _leases, counters);
        _refiller = new LeaseRefiller(_book, _leases, counters, _store, engine, new NothingUncommitted(), deterministic: false);
        _closer = new StepCloser(_book, _leases, engine);
        _prices = RandomStream.For(options.Seed, 0, 0, 0, DrawPurpose.HoldPrice);
        _wins = RandomStream.For(options.Seed, 0, 0, 0, DrawPurpose.HoldWin);
    }

    /// <summary>Plays the day.</summary>
    public static async Task<StrandedDayResult> PlayAsync(StrandedDayOptions options, CancellationToken cancellation)
    {
        await using var store = new MemoryLedgerStore();
        return await new StrandedDay(options, store).PlayAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<StrandedDayResult> PlayAsync(CancellationToken cancellation)
    {
        _book.Place(static _ => 0);
        _book.Own(await _store.ClaimAsync(Node, [0], 1, cancellation).ConfigureAwait(false));
        int c = _book.Upsert(new Campaign
        {
            Id = "c",
            TenantId = "t",
            Objective = Objective.TargetCpa,
            Target = 1,
            DailyBudgetNanos = _options.BudgetNanos,
            Reservation = _options.Reservation,
        });
        double due = 0, held = 0, most = 0, headroom = 0, refusedEarly = 0, budget = _options.BudgetNanos;
        for (int second = 0; second < 86_400; second++)
        {
            // Bids follow each other faster than the loop comes round: it does so twice a second here.
            var now = EngineInstant.Of(Midnight.AddSeconds(second).UtcTicks);
            if (second % 60 == 0)
            {
                _closer.Advance(c, now.EventTicks);
                _leases.Sweep(c, now.LeaseTicks);
                await _refiller.SetBudgetsAsync(cancellation).ConfigureAwait(false);
                LeaseView view = _leases.Look(c);
                held += view.HeldNanos / budget / 1440;
                most = Math.Max(most, view.HeldNanos / budget);
                headroom += view.HeadroomNanos / budget / 1440;
                if (second == 12 * 3600) refusedEarly = _refused / (double)_sent;
            }

            await BillAsync(cancellation).ConfigureAwait(false);
            for (int half = 0; half < 2; half++)
            {
                await _refiller.RefillAsync(EngineInstant.Of(now.EventTicks + half * TimeSpan.TicksPerSecond / 2), cancellation).ConfigureAwait(false);
                for (due += _options.BidsPerSecond / 2; due >= 1; due--) Bid(c, now);
            }
        }

        await BillAsync(cancellation).ConfigureAwait(false);
        return new StrandedDayResult(held, most, headroom, _spentNanos / budget, _adjustedNanos / budget, _refused / (double)_sent, refusedEarly);
    }

    private void Bid(int c, EngineInstant now)
    {
        long bid = _sent++;
        var offer = new BidOffer { PriceNanos = (long)(_options.MeanBidNanos * _prices.Uniform(bid, 0.5, 1.5)) };
        if (!_bids.TryHold(c, ref offer, now.LeaseTicks, _options.Hold.Ticks))
        {
            _refused++;
            return;
        }

        ref CampaignEntry entry = ref _book[c];
        entry.DayBids++;
        if (_wins.Uniform(bid) >= _options.WinRate) return;
        entry.DayWins++;
        _won.Add(offer.Held);
        _wonPrices.Add(offer.PriceNanos);
    }

    /// <summary>The ledger's rule: a bill ends its hold, headroom covers what the hold does not, the rest is an adjustment.</summary>
    private async ValueTask BillAsync(CancellationToken cancellation)
    {
        if (_won.Count == 0) return;
        var commit = new LedgerCommit();
        for (int i = 0; i < _won.Count; i++)
        {
            (long lease, long seq, _) = _won[i];
            long price = _wonPrices[i], onTime = _leases.Pay(lease, seq, price, out _, out _);
            if (onTime > 0) commit.Settlements.Add(new LeaseSettlement(lease, onTime));
            _adjustedNanos += price - onTime;
            _spentNanos += price;
        }

        _won.Clear();
        _wonPrices.Clear();
        await _store.CommitAsync(commit, cancellation).ConfigureAwait(false);
    }
}
