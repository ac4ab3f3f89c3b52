using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Threading.Channels;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>
/// An exchange that does not wait: requests go out at their scheduled instants on a bounded number of connections, and latency counts from the instant a
/// request was due, so that a service that stalls cannot hide it by holding the exchange up. Requests, rivals and conversions are the market's, in its
/// order; days follow each other when one is used up. Every answer takes part in its auction, however late it comes.
/// </summary>
internal sealed class OpenLoopExchange
{
    /// <summary>So many broken requests without a good one between them: the service has gone.</summary>
    private const int GoneAfter = 20;

    private static readonly TimeSpan LateAfter = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(10);

    private readonly OpenLoopOptions _options;
    private readonly ServiceClient _service;
    private readonly MarketPlayOptions _market;
    private readonly string _auctionPrefix;
    private readonly MarketDay _rules;
    // Unbounded on purpose: what is due and cannot be sent is the measurement. It holds at most rate x length.
    private readonly Channel<Scheduled> _queue = Channel.CreateUnbounded<Scheduled>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly CancellationTokenSource _abort;
    private readonly OpenLoopTotals _totals;
    private readonly TaskCompletionSource _dispatched = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ServiceException? _gone;
    private int _failedInARow;
    private long _start;

    public OpenLoopExchange(OpenLoopOptions options, ServiceClient service, CancellationToken cancellation)
    {
        _options = options;
        _service = service;
        _auctionPrefix = options.Run + "-";
        _market = new MarketPlayOptions { Market = options.Market, Seed = options.Seed, Source = "exchange" };
        _rules = new MarketDay(options.Seed, options.Market);
        _totals = new OpenLoopTotals(options.Market.Campaigns.Count);
        _abort = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    /// <summary>Plays once: until the last request is answered, every notice acknowledged, and the conversions of the run's time are sent.</summary>
    /// <exception cref="ServiceException">The service has gone in the middle.</exception>
    public async Task<OpenLoopResult> PlayAsync(IConversionSink sink, CancellationToken cancellation)
    {
        using var connections = new HttpMessageInvoker(ServiceHandlers.Create(NoticeSender.Parallelism));
        await using var notices = new NoticeSender(connections, TimeProvider.System, _abort.Token);
        var conversions = new ConversionSender(_market, sink, TimeProvider.System);
        bool done = false;
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task converting = conversions.RunAsync(() => Volatile.Read(ref done), late.Token, cancellation);
        _start = Stopwatch.GetTimestamp();
        var dispatcher = new Thread(Dispatch) { IsBackground = true, Name = "dispatcher", Priority = ThreadPriority.AboveNormal };
        Task[] workers = [.. Enumerable.Range(0, _options.Connections).Select(_ => ServeAsync(notices, conversions))];
        dispatcher.Start();
        try
        {
            await AwaitWorkersAsync(workers);
            cancellation.ThrowIfCancellationRequested();
            if (_gone is { } gone) throw new ServiceException(string.Create(CultureInfo.InvariantCulture, $"the service has gone after {_totals.Answered} answers: {gone.Message}"), gone);
            await notices.DrainAsync();
        }
        finally
        {
            await _abort.CancelAsync();
            Volatile.Write(ref done, true);
            // What converts within a tenth of the run after its end still counts as inside it.
            late.CancelAfter(_gone is null && !cancellation.IsCancellationRequested ? _options.Length / 10 : TimeSpan.Zero);
            await converting;
            dispatcher.Join();
        }

        return _totals.ToResult(notices, conversions);
    }

    private void Dispatch()
    {
        var schedule = new ArrivalSchedule(_options.Arrivals, _options.Rate, _options.Length, _options.Seed);
        MarketDay day = _rules;
        int dayNumber = 0, index = 0;
        while (!_abort.IsCancellationRequested && schedule.TryNext(out TimeSpan due))
        {
            // A buffer of its own for each: the workers read it while the next one is written.
            MarketOpportunity opportunity = default;
            do
            {
                while (!day.TryNext(ref opportunity)) day = new MarketDay(_options.Seed, _options.Market, ++dayNumber);
            }
            while (!opportunity.HasValue);
            opportunity.Index = index++;
            while (Stopwatch.GetElapsedTime(_start) is var now && now < due && !_abort.IsCancellationRequested)
                PreciseSleep.Nanoseconds(Math.Min((long)(due - now).TotalNanoseconds, 50_000_000));
            _totals.CountDue();
            _queue.Writer.TryWrite(new Scheduled(due, opportunity));
        }

        _queue.Writer.TryComplete();
        _dispatched.TrySetResult();
    }

    private async Task AwaitWorkersAsync(Task[] workers)
    {
        Task all = Task.WhenAll(workers);
        await Task.WhenAny(all, _dispatched.Task);
        try
        {
            await all.WaitAsync(DrainLimit);
        }
        catch (TimeoutException)
        {
            await _abort.CancelAsync();
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (OperationCanceledException) when (_abort.IsCancellationRequested)
        {
            // By the caller, or because the service has gone: told by whoever awaits.
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ServeAsync(NoticeSender notices, ConversionSender conversions)
    {
        using var bids = new BidClient(_service.Address, _service.ApiKey, _abort.Token);
        var request = new BidRequestWriter(_options.Market, _auctionPrefix);
        var reader = new BidAnswerReader(_options.Market.Campaigns.Select(campaign => campaign.Id));
        var answer = new BidAnswer();
        await foreach (Scheduled one in _queue.Reader.ReadAllAsync(_abort.Token))
        {
            request.TryWrite(one.Opportunity);
            TimeSpan sent = Stopwatch.GetElapsedTime(_start);
            _totals.CountSent(sent, sent - one.Due, LateAfter);
            long sentTicks = TimeProvider.System.GetUtcNow().UtcTicks;
            HttpStatusCode status;
            try
            {
                status = await bids.SendAsync(request.Written);
            }
            catch (ServiceException e)
            {
                Break(e);
                continue;
            }

            Volatile.Write(ref _failedInARow, 0);
            MarketAnswer bid = reader.ToAnswer(status, bids.Answer, request.Auction, answer);
            _totals.CountAnswer(Stopwatch.GetElapsedTime(_start) - one.Due, isMeasured: one.Due >= _options.WarmUp);
            if (bid.Kind == MarketAnswerKind.Bid && !one.Opportunity.Asks(bid.Campaign)) bid = MarketAnswer.Failed("a bid of a campaign that was no candidate");
            if (bid.Kind == MarketAnswerKind.Bid) await ResolveAsync(one.Opportunity, bid, answer, sentTicks, notices, conversions);
            else _totals.CountNoBid(bid);
        }
    }

    private async ValueTask ResolveAsync(
        MarketOpportunity opportunity, MarketAnswer bid, BidAnswer answer, long sentTicks, NoticeSender notices, ConversionSender conversions)
    {
        MarketOutcome outcome = _rules.Resolve(opportunity, bid.Campaign, bid.PriceNanos);
        _totals.CountBid(bid, outcome);
        string auction = _auctionPrefix + opportunity.Index.ToString(CultureInfo.InvariantCulture);
        if (outcome.Converted)
        {
            TimeSpan delay = TimeSpan.FromTicks(outcome.ConversionTimeTicks - opportunity.TimeTicks) / _options.EffectiveSpeed;
            conversions.Add(opportunity.Index, bid.Campaign, auction, sentTicks, delay, outcome.RevenueMicros);
        }

        foreach (string url in NoticeMacros.NoticesOf(answer, opportunity, bid, outcome, auction)) await notices.SendAsync(url);
    }

    private void Break(ServiceException e)
    {
        _totals.CountFailure(e.Message);
        if (Interlocked.Increment(ref _failedInARow) < GoneAfter || Interlocked.CompareExchange(ref _gone, e, null) is not null) return;
        _abort.Cancel();
    }

    private readonly record struct Scheduled(TimeSpan Due, MarketOpportunity Opportunity);
}
