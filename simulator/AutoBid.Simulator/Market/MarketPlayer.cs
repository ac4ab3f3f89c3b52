using System.Globalization;
using AutoBid.Core.Time;
using AutoBid.Engine.Events;
using AutoBid.Engine.Loop;

namespace AutoBid.Simulator.Market;

/// <summary>
/// A simulated exchange that plays one market day against a bidder under its virtual clock: one request in flight, notices for every bid, conversions when
/// their time has come, and all of it before every advance of the clock. So the same seed makes the same day, over HTTP as in process, on any machine.
/// </summary>
public sealed class MarketPlayer
{
    private const int ConversionsAtOnce = 500;
    private const long StepTicks = MarketDay.LengthTicks / StepClock.StepsPerDay;

    private readonly MarketPlayOptions _options;
    private readonly MarketDay _day;
    private readonly string _auctionPrefix;
    private readonly ConversionQueue _conversions;
    private readonly EngineEvent[] _arrived = new EngineEvent[ConversionsAtOnce];
    private readonly MarketTotals[] _totals;
    private readonly Action<int, long> _countConversion;
    private readonly SortedDictionary<string, long> _noBids = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _bidFailures = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _eventFailures = new(StringComparer.Ordinal);
    private long _requests;
    private long _withoutValue;
    private int _ticks;
    private long _stepsClosed;
    private long _applied;
    private string _hash = "";

    /// <exception cref="ArgumentException">The options do not describe a play.</exception>
    public MarketPlayer(MarketPlayOptions options)
    {
        options.Check();
        _options = options;
        _auctionPrefix = options.AuctionPrefix;
        _day = new MarketDay(options.Seed, options.Market);
        _conversions = new ConversionQueue(options);
        _totals = [.. options.Market.Campaigns.Select(_ => new MarketTotals())];
        _countConversion = (campaign, valueMicros) =>
        {
            _totals[campaign].Conversions++;
            _totals[campaign].ConversionValueMicros += valueMicros;
        };
    }

    /// <summary>Plays the day. A player plays once.</summary>
    /// <param name="onStep">Called at the end of every step, when the bidder has closed it.</param>
    public async Task<MarketResult> PlayAsync(IMarketBidder bidder, Func<MarketProgress, ValueTask>? onStep, CancellationToken cancellation)
    {
        long end = _options.Steps * StepTicks, next = _options.Tick.Ticks;
        MarketOpportunity opportunity = default;
        await AdvanceAsync(bidder, 0).ConfigureAwait(false);
        bool more = _day.TryNext(ref opportunity);
        while (next <= end)
        {
            while (more && opportunity.TimeTicks < next)
            {
                cancellation.ThrowIfCancellationRequested();
                await OfferAsync(opportunity, bidder).ConfigureAwait(false);
                more = _day.TryNext(ref opportunity);
            }

            // The day's last instant, not midnight: there the bidder would begin the next day and close this one's books to us.
            await CompleteAsync(bidder, next == end ? end - 1 : next).ConfigureAwait(false);
            if (onStep is not null && next % StepTicks == 0) await onStep(Progress((int)(next / StepTicks))).ConfigureAwait(false);
            next += _options.Tick.Ticks;
        }

        return Result();
    }

    private async ValueTask OfferAsync(MarketOpportunity opportunity, IMarketBidder bidder)
    {
        if (!opportunity.HasValue)
        {
            _withoutValue++;
            return;
        }

        _requests++;
        MarketAnswer answer = await bidder.BidAsync(opportunity).ConfigureAwait(false);
        if (answer.Kind == MarketAnswerKind.NoBid) Count(_noBids, answer.Reason);
        else if (answer.Kind == MarketAnswerKind.Failed) Count(_bidFailures, answer.Reason);
        else if (!opportunity.Asks(answer.Campaign)) Count(_bidFailures, "a bid of a campaign that was no candidate");
        else await ResolveAsync(opportunity, answer, bidder).ConfigureAwait(false);
    }

    private async ValueTask ResolveAsync(MarketOpportunity opportunity, MarketAnswer bid, IMarketBidder bidder)
    {
        MarketTotals totals = _totals[bid.Campaign];
        MarketOutcome outcome = _day.Resolve(opportunity, bid.Campaign, bid.PriceNanos);
        totals.Bids++;
        if (outcome.Won)
        {
            totals.Wins++;
            totals.CostNanos += outcome.PriceNanos;
            if (outcome.Converted) _conversions.Add(opportunity, bid.Campaign, AuctionOf(opportunity), outcome);
        }

        await bidder.NotifyAsync(opportunity, bid, outcome).ConfigureAwait(false);
    }

    /// <summary>Everything that happened before <paramref name="ticks"/> reaches the bidder, then its clock does.</summary>
    private async ValueTask CompleteAsync(IMarketBidder bidder, long ticks)
    {
        long instant = _options.DayStart.Ticks + ticks;
        while (_conversions.Take(instant, _arrived, _countConversion) is > 0 and var arrived)
        {
            foreach (string error in await bidder.ConvertAsync(_arrived.AsMemory(0, arrived)).ConfigureAwait(false)) Count(_eventFailures, error);
        }

        await AdvanceAsync(bidder, ticks).ConfigureAwait(false);
    }

    private async ValueTask AdvanceAsync(IMarketBidder bidder, long ticks)
    {
        AdvanceResult answer = await bidder.AdvanceAsync(_options.DayStart.AddTicks(ticks)).ConfigureAwait(false);
        if (ticks % _options.Tick.Ticks == 0) _ticks++;
        _stepsClosed += answer.StepsClosed;
        _applied += answer.Applied;
        _hash = answer.DecisionsHash;
    }

    private string AuctionOf(in MarketOpportunity opportunity) => _auctionPrefix + opportunity.Index.ToString(CultureInfo.InvariantCulture);

    private static void Count(SortedDictionary<string, long> counts, string what) => counts[what] = counts.GetValueOrDefault(what) + 1;

    private MarketProgress Progress(int step) => new(
        step, _options.Steps, _requests, _totals.Sum(t => t.Bids), _totals.Sum(t => t.Wins), _totals.Sum(t => t.CostNanos), _totals.Sum(t => t.Conversions));

    private MarketResult Result() => new()
    {
        Requests = _requests,
        Bids = _totals.Sum(t => t.Bids),
        Wins = _totals.Sum(t => t.Wins),
        NoBids = _noBids.Values.Sum(),
        NoBidReasons = _noBids,
        WithoutValue = _withoutValue,
        BidFailures = _bidFailures,
        EventFailures = _eventFailures,
        Conversions = _totals.Sum(t => t.Conversions),
        Campaigns = _totals,
        Ticks = _ticks,
        StepsClosed = _stepsClosed,
        Applied = _applied,
        DecisionsHash = _hash,
    };
}
