using AutoBid.Core.Time;
using AutoBid.Engine;
using AutoBid.OpenRtb.Currencies;
using AutoBid.OpenRtb.Notices;
using AutoBid.OpenRtb.Profiles;
using AutoBid.OpenRtb.Reading;
using AutoBid.OpenRtb.Writing;
using AutoBid.Server.Auth;
using AutoBid.Server.Http;
using AutoBid.Server.Metrics;

namespace AutoBid.Server.Bidding;

/// <summary><c>POST /openrtb2/bid</c>, and <c>/openrtb2/bid/{exchange}</c> for an exchange with its own profile: 200 with bids or nbr, 400 with an empty body.</summary>
public sealed class BidEndpoint(
    Bidder bidder, AutoBidEngine engine, EngineClocks clocks, ApiKeys keys, NoticeKeys noticeKeys, ExchangeProfiles profiles, CurrencyTable rates, ServerMetrics metrics)
{
    public const int BodyLimit = 256 * 1024;

    /// <summary>Part of tmax that belongs to the network and the exchange: an answer after it would not be heard.</summary>
    private const double ShareOfTmax = 0.8;

    private readonly SlotPool<BidWork> _pool = new(() => new BidWork(noticeKeys), 64);

    public async Task HandleAsync(HttpContext http)
    {
        long started = clocks.Monotonic.GetTimestamp();
        Caller? caller = await keys.FindAsync(http.Request.Headers["X-Api-Key"], http.RequestAborted).ConfigureAwait(false);
        if (caller is null || !caller.May(Scopes.Bid))
        {
            http.Response.StatusCode = caller is null ? StatusCodes.Status401Unauthorized : StatusCodes.Status403Forbidden;
            metrics.RecordBid(BidResult.Unauthorized, clocks.Monotonic.GetElapsedTime(started));
            return;
        }

        BidResult result = BidResult.Malformed;
        (PooledBody body, int status) = await PooledBody.ReadAsync(http.Request, BodyLimit, http.RequestAborted).ConfigureAwait(false);
        using (body)
        {
            if (status != 0)
            {
                http.Response.StatusCode = status;
                metrics.RecordBid(result, clocks.Monotonic.GetElapsedTime(started));
                return;
            }

            BidWork work = _pool.Rent();
            try
            {
                result = await AnswerAsync(http, work, caller, body, started).ConfigureAwait(false);
            }
            finally
            {
                work.Request.Clear();
                _pool.Return(work);
            }
        }

        metrics.RecordBid(result, clocks.Monotonic.GetElapsedTime(started));
    }

    private async ValueTask<BidResult> AnswerAsync(HttpContext http, BidWork work, Caller caller, PooledBody body, long started)
    {
        if (!BidRequestReader.TryRead(body.Memory, work.Request, out _))
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            return BidResult.Malformed;
        }

        EngineInstant now = engine.Now;
        ExchangeProfile profile = profiles.Default;
        if (http.Request.RouteValues["exchange"] is string exchange) profiles.TryGet(exchange, out profile);
        work.Begin(caller, profile, now, rates.ForDay(DayOf(now.EventTicks)));
        bool late = !clocks.Deterministic && work.Request.TMax > 0
            && clocks.Monotonic.GetElapsedTime(started).TotalMilliseconds > work.Request.TMax * ShareOfTmax;
        if (late) work.Response.WriteNoBid(work.Request, NoBidReason.InsufficientAuctionTime);
        else await bidder.AnswerAsync(work, http.RequestAborted).ConfigureAwait(false);

        HttpResponse response = http.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/json";
        response.ContentLength = work.Response.Written.Length;
        work.Response.CopyTo(response.BodyWriter);
        await response.BodyWriter.FlushAsync(http.RequestAborted).ConfigureAwait(false);
        return late ? BidResult.Late : work.Response.BidCount > 0 ? BidResult.Bid : BidResult.NoBid;
    }

    private static int DayOf(long ticks)
    {
        var date = new DateTime(ticks, DateTimeKind.Utc);
        return date.Year * 10000 + date.Month * 100 + date.Day;
    }
}
