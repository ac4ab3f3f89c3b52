using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using AutoBid.Core.Time;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange;

/// <summary>
/// A simulated exchange that plays one market day against a service over HTTP, under its virtual clock: one bid request in flight, notices on other
/// connections, conversions when their time has come, and before every advance of the clock all acknowledgements awaited. So the same seed makes
/// the same day, whatever the machine.
/// </summary>
internal sealed class ExchangeDriver
{
    private const int ConversionsPerPost = 500;

    private readonly ExchangeOptions _options;
    private readonly ServiceClient _service;
    private readonly MarketDay _day;
    private readonly BidRequestWriter _request;
    private readonly BidAnswerReader _reader;
    private readonly BidAnswer _answer = new();
    private readonly PendingConversions _conversions;
    private readonly CampaignTotals[] _totals;
    private readonly LatencyRecorder _roundTrips = new();
    private readonly LatencyRecorder _ticks = new();
    private readonly FailureCounts _bidFailures = new();
    private readonly FailureCounts _eventFailures = new();
    private readonly FailureCounts _noBids = new();
    private readonly Action<int, long> _countConversion;
    private long _requests;
    private long _withoutValue;
    private int _tickCount;
    private long _stepsClosed;
    private long _applied;
    private string _hash = "";

    /// <exception cref="ArgumentException">Steps or tick out of range.</exception>
    public ExchangeDriver(ExchangeOptions options, ServiceClient service)
    {
        if (options.Steps is < 1 or > StepClock.StepsPerDay) throw new ArgumentException("1 to 48 steps can be played.", nameof(options));
        if (options.Tick < TimeSpan.FromSeconds(1) || StepTicks % options.Tick.Ticks != 0) throw new ArgumentException("A tick must divide a step of 30 minutes.", nameof(options));
        _options = options;
        _service = service;
        _day = new MarketDay(options.Seed, options.Market);
        _request = new BidRequestWriter(options.Market, options.DayStart.ToString("yyyyMMdd", CultureInfo.InvariantCulture) + "-");
        string[] ids = [.. options.Market.Campaigns.Select(campaign => campaign.Id)];
        _reader = new BidAnswerReader(ids);
        _conversions = new PendingConversions(ids, options.Source, options.DayStart);
        _totals = [.. ids.Select(_ => new CampaignTotals())];
        _countConversion = (campaign, valueMicros) =>
        {
            _totals[campaign].Conversions++;
            _totals[campaign].ConversionValueMicros += valueMicros;
        };
    }

    private static long StepTicks => MarketDay.LengthTicks / StepClock.StepsPerDay;

    /// <summary>Plays the day. A driver plays once.</summary>
    /// <param name="onStep">Called at the end of every step, when the service has closed it.</param>
    /// <exception cref="ServiceException">The service cannot be reached or refuses its clock.</exception>
    public async Task<ExchangeResult> PlayAsync(Func<ExchangeProgress, ValueTask>? onStep, CancellationToken cancellation)
    {
        using var bids = new BidClient(_service.Address, _service.ApiKey, cancellation);
        using var connections = new HttpMessageInvoker(ServiceHandlers.Create(NoticeSender.Parallelism));
        await using var notices = new NoticeSender(connections, TimeProvider.System, cancellation);
        long end = _options.Steps * StepTicks, next = _options.Tick.Ticks;
        MarketOpportunity opportunity = default;
        await AdvanceAsync(0, cancellation);
        bool more = _day.TryNext(ref opportunity);
        while (next <= end)
        {
            while (more && opportunity.TimeTicks < next)
            {
                await BidAsync(opportunity, bids, notices);
                more = _day.TryNext(ref opportunity);
            }

            // The day's last instant, not midnight: there the service would begin the next day and close this one's books to us.
            await CompleteAsync(next == end ? end - 1 : next, notices, cancellation);
            if (onStep is not null && next % StepTicks == 0) await onStep(Progress((int)(next / StepTicks)));
            next += _options.Tick.Ticks;
        }

        return Result(notices);
    }

    private async ValueTask BidAsync(MarketOpportunity opportunity, BidClient bids, NoticeSender notices)
    {
        if (!_request.TryWrite(opportunity))
        {
            _withoutValue++;
            return;
        }

        _requests++;
        long started = Stopwatch.GetTimestamp();
        HttpStatusCode status = await bids.SendAsync(_request.Written);
        _roundTrips.Add(Stopwatch.GetElapsedTime(started));
        if (status == HttpStatusCode.NoContent)
        {
            _noBids.Add("204");
        }
        else if (status != HttpStatusCode.OK)
        {
            _bidFailures.Add($"HTTP {(int)status}");
        }
        else if (_reader.Read(bids.Answer, _request.Auction, _answer) is { } error)
        {
            _bidFailures.Add(error);
        }
        else if (!_answer.HasBid)
        {
            _noBids.Add(_answer.NoBidReason?.ToString(CultureInfo.InvariantCulture) ?? "none");
        }
        else if (!IsAsked(opportunity, _answer.Campaign))
        {
            _bidFailures.Add("a bid of a campaign that was no candidate");
        }
        else
        {
            await ResolveAsync(opportunity, notices);
        }
    }

    private async ValueTask ResolveAsync(MarketOpportunity opportunity, NoticeSender notices)
    {
        CampaignTotals totals = _totals[_answer.Campaign];
        MarketOutcome outcome = _day.Resolve(opportunity, _answer.Campaign, _answer.PriceNanos);
        string auction = Encoding.ASCII.GetString(_request.Auction);
        totals.Bids++;
        if (!outcome.Won)
        {
            int loss = _answer.PriceNanos < opportunity.FloorNanos ? NoticeMacros.BelowFloor : NoticeMacros.LostToHigherBid;
            if (_answer.LossUrl is { } lossUrl)
                await notices.SendAsync(NoticeMacros.Substitute(lossUrl, outcome.MinimumToWinNanos, outcome.MinimumToWinNanos, loss, auction, _answer.BidId));
            return;
        }

        totals.Wins++;
        totals.CostNanos += outcome.PriceNanos;
        if (outcome.Converted)
            _conversions.Add(opportunity.Index, _answer.Campaign, auction, opportunity.TimeTicks, outcome.ConversionTimeTicks, outcome.RevenueMicros);
        if (_answer.WinUrl is { } winUrl)
            await notices.SendAsync(NoticeMacros.Substitute(winUrl, outcome.PriceNanos, outcome.MinimumToWinNanos, NoticeMacros.Won, auction, _answer.BidId));
        if (_answer.BillUrl is { } billUrl)
            await notices.SendAsync(NoticeMacros.Substitute(billUrl, outcome.PriceNanos, outcome.MinimumToWinNanos, NoticeMacros.Won, auction, _answer.BidId));
    }

    private static bool IsAsked(in MarketOpportunity opportunity, int campaign)
    {
        foreach (ref readonly MarketCandidate candidate in opportunity.Candidates)
        {
            if (candidate.Campaign == campaign) return candidate.ValueE9 > 0;
        }

        return false;
    }

    /// <summary>Everything that happened before <paramref name="ticks"/> reaches the service, then its clock does.</summary>
    private async Task CompleteAsync(long ticks, NoticeSender notices, CancellationToken cancellation)
    {
        await notices.DrainAsync();
        while (true)
        {
            (ReadOnlyMemory<byte> body, int events) = _conversions.Take(ticks, ConversionsPerPost, _countConversion);
            if (events == 0) break;
            foreach (string error in await _service.PostEventsAsync(body, events, cancellation)) _eventFailures.Add(error);
        }

        await AdvanceAsync(ticks, cancellation);
    }

    private async Task AdvanceAsync(long ticks, CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        ClockAnswer answer = await _service.AdvanceAsync(_options.DayStart.AddTicks(ticks), cancellation);
        _ticks.Add(Stopwatch.GetElapsedTime(started));
        if (ticks % _options.Tick.Ticks == 0) _tickCount++;
        _stepsClosed += answer.StepsClosed;
        _applied += answer.Applied;
        _hash = answer.DecisionsHash;
    }

    private ExchangeProgress Progress(int step) => new(
        step, _options.Steps, _requests, _totals.Sum(t => t.Bids), _totals.Sum(t => t.Wins), _totals.Sum(t => t.CostNanos), _totals.Sum(t => t.Conversions));

    private ExchangeResult Result(NoticeSender notices) => new()
    {
        Requests = _requests,
        Bids = _totals.Sum(t => t.Bids),
        Wins = _totals.Sum(t => t.Wins),
        NoBids = _noBids.Total,
        NoBidReasons = _noBids.ToDictionary(),
        WithoutValue = _withoutValue,
        Notices = notices.Sent,
        NoticeRetries = notices.Retries,
        NoticeFailures = notices.Failures.ToDictionary(),
        BidFailures = _bidFailures.ToDictionary(),
        EventFailures = _eventFailures.ToDictionary(),
        Conversions = _totals.Sum(t => t.Conversions),
        Campaigns = _totals,
        RoundTrip = _roundTrips.Summarize(),
        Tick = _ticks.Summarize(),
        Ticks = _tickCount,
        StepsClosed = _stepsClosed,
        Applied = _applied,
        DecisionsHash = _hash,
    };
}
