using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using AutoBid.Engine.Events;
using AutoBid.Engine.Loop;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange;

/// <summary>
/// A service under a virtual clock as a bidder: OpenRTB on one connection, notices on others while the next request is already under way, conversions over
/// POST /v1/events. The clock moves only when every notice has been acknowledged or given up.
/// </summary>
internal sealed class HttpBidder : IMarketBidder, IAsyncDisposable
{
    private readonly ServiceClient _service;
    private readonly CancellationToken _cancellation;
    private readonly BidClient _bids;
    private readonly HttpMessageInvoker _connections = new(ServiceHandlers.Create(NoticeSender.Parallelism));
    private readonly NoticeSender _notices;
    private readonly BidRequestWriter _request;
    private readonly BidAnswerReader _reader;
    private readonly BidAnswer _answer = new();
    private readonly EventsBody _events = new();
    private readonly LatencyRecorder _roundTrips = new();
    private readonly LatencyRecorder _ticks = new();

    public HttpBidder(ServiceClient service, MarketPlayOptions options, CancellationToken cancellation)
    {
        _service = service;
        _cancellation = cancellation;
        _request = new BidRequestWriter(options.Market, options.AuctionPrefix);
        _reader = new BidAnswerReader(options.Market.Campaigns.Select(campaign => campaign.Id));
        _bids = new BidClient(service.Address, service.ApiKey, cancellation);
        _notices = new NoticeSender(_connections, TimeProvider.System, cancellation);
    }

    public ExchangeTransport Transport => new(_notices.Sent, _notices.Retries, _notices.Failures.ToDictionary(), _roundTrips.Summarize(), _ticks.Summarize());

    /// <exception cref="ServiceException">No answer.</exception>
    public async ValueTask<MarketAnswer> BidAsync(MarketOpportunity opportunity)
    {
        _request.TryWrite(opportunity);
        long started = Stopwatch.GetTimestamp();
        HttpStatusCode status = await _bids.SendAsync(_request.Written);
        _roundTrips.Add(Stopwatch.GetElapsedTime(started));
        return _reader.ToAnswer(status, _bids.Answer, _request.Auction, _answer);
    }

    public async ValueTask NotifyAsync(MarketOpportunity opportunity, MarketAnswer bid, MarketOutcome outcome)
    {
        string auction = Encoding.ASCII.GetString(_request.Auction);
        foreach (string url in NoticeMacros.NoticesOf(_answer, opportunity, bid, outcome, auction)) await _notices.SendAsync(url);
    }

    /// <exception cref="ServiceException">The events were not taken.</exception>
    public async ValueTask<IReadOnlyList<string>> ConvertAsync(ReadOnlyMemory<EngineEvent> conversions)
        => await _service.PostEventsAsync(_events.Write(conversions.Span), conversions.Length, _cancellation);

    /// <exception cref="ServiceException">The service is gone, or its clock is not virtual.</exception>
    public async ValueTask<AdvanceResult> AdvanceAsync(DateTime instant)
    {
        await _notices.DrainAsync();
        long started = Stopwatch.GetTimestamp();
        ClockAnswer answer = await _service.AdvanceAsync(instant, _cancellation);
        _ticks.Add(Stopwatch.GetElapsedTime(started));
        return new AdvanceResult(answer.Now, answer.StepsClosed, answer.Applied, answer.DecisionsHash);
    }

    public async ValueTask DisposeAsync()
    {
        await _notices.DisposeAsync();
        _connections.Dispose();
        _bids.Dispose();
    }
}
